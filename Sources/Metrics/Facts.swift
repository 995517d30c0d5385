import EventModel

/// How a play ended.
public enum Outcome: UInt8, Sendable {
  /// Not ended, as far as the log says.
  case open
  /// Heard to at least 90 % of the song.
  case completed
  /// Neither completed nor skipped.
  case partial
  /// Left for the next song within 30 s.
  case skipped

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
public struct FactKeys: Equatable, Sendable {
  /// Event time. Milliseconds since 1970.
  public var ts: Int64
  /// Of `dim_user`; 0 for guests.
  public var userKey: Int64
  /// Of `dim_location`; 0 where the event names no place.
  public var locationKey: Int64
  /// Of `dim_device`; 0 where the event names no user agent.
  public var deviceKey: Int64
  /// The user's session, as the event gives it.
  public var sessionId: Int64
  /// Position within the session, from 0.
  public var itemInSession: Int32
}

/// What a page view says about a song.
public struct PageCredit: Sendable {
  /// What it counts as, and nil for most pages.
  public var engagement: Counter?
  /// The song that this is credited to; 0 where there is none.
  public var songKey: Int64

  /// What a page view counts as, and for which song.
  public init(engagement: Counter?, songKey: Int64) {
    self.engagement = engagement
    self.songKey = songKey
  }
}

/// One row of fact_listen. Text is by number in the kernel's `InternedTexts`.
public struct ListenFact: Sendable {
  /// The listen event's keys and grain.
  public var keys: FactKeys
  /// Of `dim_song`; 0 where the event names no song.
  public var songKey: Int64
  /// `Guest`, `Logged In`, `Logged Out` or `Cancelled`.
  public var auth: InternedTexts.ID
  /// `free` or `paid`.
  public var level: InternedTexts.ID
  /// The song's length in milliseconds; negative where the event does not say.
  public var durationMs: Int32
  /// How long the song was listened to, in milliseconds; meaningless while the outcome is open.
  public var listenedMs: Int32
  /// How the play ended, as far as the log says.
  public var outcome: Outcome
}

/// Takes the facts of counted events. The text slices of an event are valid during the call.
public protocol FactSink: AnyObject {
  /// A login or a failed login.
  func auth(_ keys: FactKeys, _ event: Event)
  /// A page view; `songKey` is 0 where it names no song. `texts` are those of plays.
  func pageView(
    _ keys: FactKeys, songKey: Int64, _ credit: PageCredit, _ event: Event, texts: InternedTexts)
  /// A page view, of these records or earlier ones, that is credited to another song since it was told; 0 for none.
  func creditChanged(_ keys: FactKeys, songKey: Int64)
  /// A play of the records that are being folded: once its outcome is final, or at `reportOpenPlays`.
  /// `texts` has the texts that the fact refers to.
  func listen(_ fact: ListenFact, texts: InternedTexts)
  /// A play of earlier records whose outcome has changed since they were folded.
  func listenChanged(_ fact: ListenFact)
}

/// Takes plays in the moment in which they are counted, when nobody knows yet how they will end. The text slices of an
/// event are valid during the call.
public protocol PlaySink: AnyObject {
  /// A play has started.
  /// - Parameters:
  ///   - songKey: of `dim_song`; 0 where the event names no song.
  ///   - durationMs: the song's length in milliseconds; nil where the event does not say.
  func started(_ keys: FactKeys, songKey: Int64, durationMs: Int64?, _ event: Event)
}

/// Takes page views and logins in the moment in which they are counted. The text slices of an event are valid during the call.
public protocol ActionSink: AnyObject {
  /// A page was viewed.
  func viewed(_ keys: FactKeys, _ event: Event)
  /// Somebody logged in, or failed to.
  func loggedIn(_ keys: FactKeys, _ event: Event)
}

/// Small repeated texts by number, for facts that outlive the events which the texts came with.
public final class InternedTexts {
  /// A text's number: 0 for the empty text, then from 1 in order of first use.
  public typealias ID = Int32
  /// By the hash of the bytes.
  private var ids = FlatTable()
  private var texts: [String] = [""]
  /// Short texts that came first: nearly all are one of them, and comparing two words is cheaper than hashing.
  private var first: [(low: UInt64, high: UInt64, count: Int, id: ID)] = []

  /// Only the empty text.
  public init() {}

  /// The number of a text, the same for the same bytes; 0 for the empty text.
  public func id(_ slice: ByteSlice) -> ID {
    if slice.isEmpty { return 0 }
    guard slice.count <= 16 else { return hashedID(slice) }
    var words: (low: UInt64, high: UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: UnsafeRawBufferPointer(slice.buffer)) }
    for known in first
    where known.low == words.low && known.high == words.high && known.count == slice.count {
      return known.id
    }
    let id = hashedID(slice)
    if first.count < 8 { first.append((words.low, words.high, slice.count, id)) }
    return id
  }

  private func hashedID(_ slice: ByteSlice) -> ID {
    let hash = Int64(bitPattern: Murmur3.hash64(UnsafeRawBufferPointer(slice.buffer)))
    let next = ID(texts.count)
    let id = ids.findOrInsert(0, hash, new: next)
    if id == next { texts.append(slice.string) }
    return id
  }

  /// The text of a number that `id(_:)` has given.
  public subscript(id: ID) -> String { texts[Int(id)] }
}
