/// How far event time has come in one topic and partition: the greatest plausible timestamp seen.
/// A pure function of the records, in offset order.
///
/// One event with a wild clock must not move it (it would make everything after it late): an event
/// more than a day ahead moves it only once a second event, of another user, confirms it. Before
/// there is a watermark at all, any two successive events within a day of each other make one.
public struct Watermark: Equatable, Sendable {
  /// Milliseconds. How far ahead an event may be without needing a second one.
  public static let leap: Int64 = 86_400_000

  /// Greatest confirmed timestamp, milliseconds since 1970; nil until there is one.
  public private(set) var greatest: Int64?
  /// A timestamp that waits for another one to confirm it, and who sent it.
  private var candidate: Int64?
  private var candidateActor: UInt64 = 0

  public init() {}

  /// True where `timestamp` is so far ahead that it needs confirmation.
  @inline(__always)
  public func isAhead(_ timestamp: Int64) -> Bool {
    guard let greatest else { return false }
    return timestamp > greatest + Self.leap
  }

  /// Takes the next record's timestamp.
  /// - Parameter actor: identifies who sent it: a hash of the user, or of the session of a guest.
  @inline(__always)
  public mutating func observe(_ timestamp: Int64, actor: UInt64) {
    if let greatest, timestamp <= greatest + Self.leap {
      if timestamp > greatest { self.greatest = timestamp }
      return
    }
    observeUnconfirmed(timestamp, actor: actor)
  }

  private mutating func observeUnconfirmed(_ timestamp: Int64, actor: UInt64) {
    if let other = candidate, abs(timestamp - other) <= Self.leap,
      greatest == nil || candidateActor != actor
    {
      greatest = max(timestamp, other)
      candidate = nil
      candidateActor = 0
    } else {
      candidate = timestamp
      candidateActor = actor
    }
  }

  /// The form that is stored beside a replay offset: three integers, empty where there is none.
  public var stored: String {
    let first = greatest.map { String($0) } ?? ""
    guard let candidate else { return "\(first)::" }
    return "\(first):\(candidate):\(candidateActor)"
  }

  /// Reads what `stored` wrote; nil where the text has another form.
  public init?(stored: String) {
    let parts = stored.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    if !parts[0].isEmpty {
      guard let value = Int64(parts[0]) else { return nil }
      greatest = value
    }
    if !parts[1].isEmpty {
      guard let value = Int64(parts[1]), let actor = UInt64(parts[2]) else { return nil }
      candidate = value
      candidateActor = actor
    }
  }
}
