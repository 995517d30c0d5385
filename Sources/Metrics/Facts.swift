import EventModel

/// How a play ended.
public enum Outcome: UInt8, Sendable {
  /// Not ended, as far as the log says.
  case open
  case completed, partial, skipped

  /// The value of `fact_listen.outcome`; null while open.
  public var text: String? {
    switch self {
    case .open: nil
    case .completed: "completed"
    case .partial: "partial"
    case .skipped: "skipped"
    }
  }
}

/// The columns that all facts share: keys of the conformed dimensions and the grain.
public struct FactKeys: Sendable {
  /// Milliseconds since 1970.
  public var ts: Int64
  public var userKey: Int64
  public var locationKey: Int64
  public var deviceKey: Int64
  public var sessionId: Int64
  public var itemInSession: Int32
}

/// One row of fact_listen. Text is by number in the kernel's `InternedTexts`.
public struct ListenFact: Sendable {
  public var keys: FactKeys
  public var songKey: Int64
  public var auth: InternedTexts.ID
  public var level: InternedTexts.ID
  /// Negative where the event does not say.
  public var durationMs: Int32
  /// Meaningless while the outcome is open.
  public var listenedMs: Int32
  public var outcome: Outcome
}

/// Takes the facts of counted events. The text slices of an event are valid during the call.
public protocol FactSink: AnyObject {
  func auth(_ keys: FactKeys, _ event: Event)
  func pageView(_ keys: FactKeys, songKey: Int64, _ event: Event)
  /// A play of the records that are being folded, once its outcome is final, or at `reportOpenPlays`.
  func listen(_ fact: ListenFact, texts: InternedTexts)
  /// A play of earlier records whose outcome has changed since they were folded.
  func listenChanged(_ fact: ListenFact)
}

/// Small repeated texts by number, for what has to outlive the event that it came with.
public final class InternedTexts {
  public typealias ID = Int32
  /// By the hash of the bytes.
  private var ids = FlatTable()
  private var texts: [String] = [""]

  public init() {}

  deinit { ids.free() }

  /// 0 for the empty text.
  public func id(_ slice: ByteSlice) -> ID {
    if slice.isEmpty { return 0 }
    let hash = Int64(bitPattern: Murmur3.hash64(UnsafeRawBufferPointer(slice.buffer)))
    let next = ID(texts.count)
    let id = ids.findOrInsert(0, hash, new: next)
    if id == next { texts.append(slice.string) }
    return id
  }

  public subscript(id: ID) -> String { texts[Int(id)] }
}
