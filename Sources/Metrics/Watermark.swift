/// How far event time has come in one topic and partition: the greatest timestamp that the crowd of
/// the records has reached. A pure function of the records, in offset order.
///
/// A record up to a day ahead moves it at once. Records further ahead move it only when they are the
/// majority of the last 64: a few wild clocks never are, and a site that was off for a week is so after
/// 33 records. docs/metrics.md has the rule in full, with examples.
public struct Watermark: Equatable, Sendable {
  /// Milliseconds. How far ahead of `greatest` a record may be without needing the majority.
  public static let leap: Int64 = 86_400_000
  /// Records among which those that are ahead must be the majority.
  public static let window = 64
  /// Records of a partition after which the first watermark is had in any case: one quiet user.
  static let loneRecords = 8

  /// The timestamp that event time has reached, milliseconds since 1970; nil until there is one.
  public private(set) var greatest: Int64?
  /// Records in the window: all so far, where those are fewer than it holds.
  private var count = 0
  /// Which records of the window were ahead when they came: bit 0 stands for the last record, bit 63
  /// for the oldest.
  private var aheadBits: UInt64 = 0
  /// The timestamps of those records, oldest first.
  private var ahead: [Int64] = []

  public init() {}

  /// True where `timestamp` is so far ahead that it needs the majority.
  @inline(__always)
  public func isAhead(_ timestamp: Int64) -> Bool {
    guard let greatest else { return false }
    return timestamp > greatest + Self.leap
  }

  /// Takes the next record's timestamp.
  @inline(__always)
  public mutating func observe(_ timestamp: Int64) {
    if let greatest, timestamp <= greatest + Self.leap {
      if timestamp > greatest { self.greatest = timestamp }
      // In ordinary traffic the window is full of ordinary records, and stays as it is.
      if aheadBits != 0 || count < Self.window { moveWindow() }
      return
    }
    moveWindow()
    aheadBits |= 1
    ahead.append(timestamp)
    followMajority()
  }

  private mutating func moveWindow() {
    aheadBits <<= 1
    if ahead.count > aheadBits.nonzeroBitCount { ahead.removeFirst() }
    count = min(count + 1, Self.window)
  }

  /// Goes to where the records ahead are, once they are the majority: to the greatest of them that is
  /// within a leap of the window's lower median, so that a wild one among them does not count.
  private mutating func followMajority() {
    // Those that the crowd has caught up with meanwhile are ahead no more.
    let sorted = ahead.filter { greatest == nil || isAhead($0) }.sorted()
    let others = count - sorted.count
    guard sorted.count > others else { return }
    // All others of the window are less than these.
    let median = sorted[(count - 1) / 2 - others]
    let near = sorted.filter { abs($0 - median) <= Self.leap }
    // The very first watermark needs two that agree, or some more where each comes days after the other.
    guard greatest != nil || near.count > 1 || count >= Self.loneRecords else { return }
    greatest = near.last
    forgetReached()
  }

  /// Takes those off the list that are ahead no more.
  private mutating func forgetReached() {
    var bits = aheadBits
    var kept: [Int64] = []
    for timestamp in ahead {
      let oldest: UInt64 = 1 << UInt64(63 - bits.leadingZeroBitCount)
      bits ^= oldest
      if isAhead(timestamp) { kept.append(timestamp) } else { aheadBits ^= oldest }
    }
    ahead = kept
  }
}

extension Watermark {
  /// The form that is stored beside a replay offset: `greatest/count/age:timestamp,…`, where age is how
  /// many records ago one that is ahead came; the first and the last part are empty where there is
  /// none. In ordinary traffic that is `1767225600000/64/`.
  public var stored: String {
    var bits = aheadBits
    var list: [String] = []
    for timestamp in ahead {
      let age = 63 - bits.leadingZeroBitCount
      bits ^= 1 << UInt64(age)
      list.append("\(age):\(timestamp)")
    }
    return "\(greatest.map { String($0) } ?? "")/\(count)/\(list.joined(separator: ","))"
  }

  /// Reads what `stored` wrote, also the form of earlier versions; nil where the text has another form.
  public init?(stored: String) {
    let parts = stored.split(separator: "/", omittingEmptySubsequences: false)
    let isRead = parts.count == 3 ? read(parts) : readEarlierForm(stored)
    guard isRead else { return nil }
  }

  private mutating func read(_ parts: [Substring]) -> Bool {
    guard let records = Int(parts[1]), (0...Self.window).contains(records) else { return false }
    count = records
    greatest = Int64(parts[0])
    guard greatest != nil || parts[0].isEmpty else { return false }
    if parts[2].isEmpty { return true }
    var before = count
    for item in parts[2].split(separator: ",", omittingEmptySubsequences: false) {
      let pair = item.split(separator: ":", omittingEmptySubsequences: false)
      guard pair.count == 2, let age = Int(pair[0]), (0..<before).contains(age),
        let timestamp = Int64(pair[1])
      else { return false }
      before = age
      aheadBits |= 1 << UInt64(age)
      ahead.append(timestamp)
    }
    return true
  }

  /// `greatest:candidate:actor`. The candidate is dropped: one record is no majority.
  private mutating func readEarlierForm(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[1].isEmpty == parts[2].isEmpty,
      parts[1].isEmpty || (Int64(parts[1]) != nil && UInt64(parts[2]) != nil)
    else { return false }
    greatest = Int64(parts[0])
    count = greatest == nil ? 0 : Self.window
    return greatest != nil || parts[0].isEmpty
  }
}
