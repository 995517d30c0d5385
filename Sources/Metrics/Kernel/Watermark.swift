/// How far event time has come in one topic and partition: the greatest timestamp that the crowd of
/// the records has reached. A pure function of the records, in offset order.
///
/// The crowd is the last 64 records, and its place is their median. A record moves event time unless the
/// record is further ahead of the crowd than the crowd's own pace explains: a few wild clocks, whether
/// hours or years ahead, are not the median and move nothing. When a site was off for a week, event time
/// follows with the 33rd record after the pause. docs/metrics.md has the rule in full, with examples.
public struct Watermark: Sendable {
  /// Milliseconds. How far ahead of `greatest` a record may be and still be in the window, and how far
  /// behind `greatest` a record may be and still join the crowd.
  public static let leap: Int64 = 86_400_000
  /// How many records make up the crowd.
  public static let window = 64
  /// Milliseconds. A record that is no more than this ahead of the crowd moves event time whatever the
  /// pace: half of the usual allowed lateness.
  static let leastReach: Int64 = 300_000
  /// How many times the span of 24 records (from an eighth of the window to its half) event time may
  /// advance at once.
  static let paces: Int64 = 8
  /// The crowd is asked anew after this many records, and has a known pace once it has as many.
  static let interval = 32
  /// A partition has its first watermark after this many records in any case, as when one quiet user
  /// comes every few days.
  static let loneRecords = 8

  /// The timestamp that event time has reached, milliseconds since 1970; nil until there is one.
  public private(set) var greatest: Int64?
  /// The greatest timestamp of a record in the window, milliseconds since 1970: up to a leap more than
  /// `greatest` where a clock is ahead, and less where the crowd has gone on with records out of the
  /// window. `Int64.min` while there is no `greatest`. A record that comes too late may raise this as
  /// well; that does no harm, as every later record in the window is later than such a record.
  public private(set) var farthest = Int64.min
  /// A record up to this timestamp moves event time without the crowd being asked. Milliseconds since
  /// 1970.
  private var reach = Int64.min
  /// Records since the crowd was last asked.
  private var sinceAsked = 0
  /// The timestamps of the crowd, the oldest at `oldest` where there are as many as fit.
  private var crowd = InlineArray<64, Int64>(repeating: 0)
  private var oldest = 0
  private var count = 0

  /// Of a topic that has had no record.
  public init() {}

  /// Takes the next record's timestamp, milliseconds since 1970. `greatest` never falls.
  @inline(__always)
  public mutating func observe(_ timestamp: Int64) {
    guard let greatest else { return begin(timestamp) }
    // A record that is a day late says nothing about where the crowd is now.
    guard timestamp >= greatest - Self.leap else { return }
    join(timestamp)
    if timestamp > farthest, timestamp <= greatest + Self.leap { farthest = timestamp }
    if timestamp > greatest, timestamp <= reach { self.greatest = timestamp }
    if timestamp > reach || sinceAsked >= Self.interval {
      withSortedCrowd { $1.ask($0) }
    }
  }

  @inline(__always)
  private mutating func join(_ timestamp: Int64) {
    crowd[oldest] = timestamp
    oldest = (oldest + 1) & (Self.window - 1)
    if count < Self.window { count += 1 }
    sinceAsked += 1
  }

  /// The very first watermark needs two records that agree, or some more where each comes days after
  /// the other.
  private mutating func begin(_ timestamp: Int64) {
    join(timestamp)
    withSortedCrowd { sorted, mark in
      let median = sorted[(mark.count - 1) / 2]
      let near = sorted.count { abs($0 - median) <= Self.leap }
      if near > 1 || mark.count >= Self.loneRecords { mark.ask(sorted) }
    }
  }

  /// Goes to the greatest timestamp of the crowd that its median and pace explain.
  private mutating func ask(_ sorted: UnsafeMutableBufferPointer<Int64>) {
    let median = sorted[(count - 1) / 2]
    var reached = max(greatest ?? median, median)
    reach = reached + Self.leap
    if count >= Self.interval {
      let span = median - sorted[(count - 1) / 8]
      reach = min(reach, median + max(Self.leastReach, Self.paces * span))
    }
    for timestamp in sorted where timestamp <= reach { reached = max(reached, timestamp) }
    precondition(
      reached >= greatest ?? Int64.min,
      "event time fell to \(reached) from \(greatest ?? Int64.min)")
    if greatest == nil { farthest = reached }
    greatest = reached
    sinceAsked = 0
  }

  /// Calls `body` with the crowd in order of time. Records come nearly in that order, so that sorting
  /// them by insertion takes few steps.
  private mutating func withSortedCrowd(
    _ body: (UnsafeMutableBufferPointer<Int64>, inout Watermark) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: Self.window) { sorted in
      for i in 0..<count {
        let timestamp = crowd.span[index(i)]
        var place = i
        while place > 0, sorted[place - 1] > timestamp {
          sorted[place] = sorted[place - 1]
          place -= 1
        }
        sorted[place] = timestamp
      }
      body(UnsafeMutableBufferPointer(rebasing: sorted[..<count]), &self)
    }
  }

  /// The place in `crowd` of record number `i`, the oldest being number 0.
  private func index(_ i: Int) -> Int { (oldest - count + i) & (Self.window - 1) }
}

extension Watermark: Equatable {
  /// True where both are at the same event time and take every further record alike.
  public static func == (a: Watermark, b: Watermark) -> Bool {
    a.greatest == b.greatest && a.farthest == b.farthest && a.reach == b.reach
      && a.sinceAsked == b.sinceAsked && a.timestamps == b.timestamps
  }

  /// The crowd's timestamps in the order in which the records came.
  private var timestamps: [Int64] { (0..<count).map { crowd[index($0)] } }
}

extension Watermark {
  /// The form that is stored beside a replay offset: `greatest/farthest/reach/since/crowd`. All times but
  /// `greatest` are written as milliseconds more than `greatest`, and `since` is how many records ago the
  /// crowd was asked. While there is no `greatest`, only the crowd is written: `////1767225600000`.
  public var stored: String {
    let base = greatest ?? 0
    let list = timestamps.map { String($0 - base) }.joined(separator: ",")
    guard greatest != nil else { return "////\(list)" }
    return "\(base)/\(farthest - base)/\(reach - base)/\(sinceAsked)/\(list)"
  }

  /// Reads a text that `stored` wrote, in this version or an earlier one; nil where the text has another
  /// form.
  public init?(stored: String) {
    let parts = stored.split(separator: "/", omittingEmptySubsequences: false)
    let isRead =
      switch parts.count {
      case 5: read(parts)
      case 3: readEarlier(parts)
      default: readEarlier(stored.split(separator: ":", omittingEmptySubsequences: false))
      }
    guard isRead else { return nil }
  }

  private mutating func read(_ parts: [Substring]) -> Bool {
    var list: [Int64] = []
    if !parts[4].isEmpty {
      for item in parts[4].split(separator: ",", omittingEmptySubsequences: false) {
        guard let time = Int64(item) else { return false }
        list.append(time)
      }
    }
    if parts[..<4].allSatisfy(\.isEmpty) {
      guard list.count < Self.loneRecords else { return false }
      for time in list { join(time) }
      return true
    }
    guard let base = Int64(parts[0]), let far = Int64(parts[1]), let ahead = Int64(parts[2]),
      let since = Int(parts[3]), (0..<Self.interval).contains(since),
      list.count <= Self.window
    else { return false }
    for time in list { join(base + time) }
    (greatest, farthest, reach, sinceAsked) = (base, base + far, base + ahead, since)
    return true
  }

  /// Reads `greatest/…/…` or `greatest:…:…`, whose other fields mean nothing any more. The crowd is not
  /// in these forms. A crowd of one record an hour stands in for it: with so slow a pace event time can
  /// advance, and the records that come next are no minority of wild clocks.
  private mutating func readEarlier(_ parts: [Substring]) -> Bool {
    guard parts.count == 3 else { return false }
    guard let greatest = Int64(parts[0]) else { return parts[0].isEmpty }
    for hours in (0..<Int64(Self.window)).reversed() { join(greatest - hours * 3_600_000) }
    (self.greatest, farthest, reach, sinceAsked) = (greatest, greatest, greatest, 0)
    return true
  }
}
