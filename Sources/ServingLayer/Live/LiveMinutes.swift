/// The minutes of the live stream, and which event told of each last. What an open page costs follows how many of them an event has:
/// the newest one changes with every event of a busy site, and so do the dozen before it, in which plays end. Those take turns.
struct LiveMinutes: Sendable {
  /// Changed minutes before the newest that an event tells, those that have waited longest first; and how many where so many wait
  /// that events must be coming late for all of the hour.
  static let (older, olderOfMany, many) = (2, 1, 15)

  private struct Minute {
    var json: String
    /// The version in which it changed first since an event told of it.
    var changedIn: Int
    /// The version whose event told of it; 0 before the first.
    var toldIn = 0

    var isUntold: Bool { toldIn < changedIn }
  }

  /// By its time, as ISO 8601.
  private var minutes: [String: Minute] = [:]

  /// Whether minutes wait for their turn.
  var isBehind: Bool { minutes.values.contains { $0.isUntold } }

  /// Replaces the minutes.
  ///
  /// - Parameters:
  ///   - version: the one whose event comes next.
  ///   - isWhole: whether the event tells of all that has changed, as it does where nobody hears of the rest later.
  mutating func take(
    _ rows: [(time: String, json: String)], in version: Int, isWhole: Bool
  ) {
    let before = minutes
    minutes = [:]
    for (time, json) in rows {
      var minute = before[time] ?? Minute(json: json, changedIn: version)
      if minute.json != json {
        if !minute.isUntold { minute.changedIn = version }
        minute.json = json
      }
      minutes[time] = minute
    }
    let times = minutes.keys.sorted()
    // The minute that has just ended is told once more with the first event of the next one.
    let newest = times.suffix(times.last.map { before[$0] == nil } == true ? 2 : 1)
    let untold = minutes.filter { $0.value.isUntold }
    let older = untold.filter { !newest.contains($0.key) }
      .sorted { ($0.value.changedIn, $0.key) < ($1.value.changedIn, $1.key) }
      .prefix(
        isWhole ? untold.count : untold.count > Self.many ? Self.olderOfMany : Self.older)
    for time in untold.keys.filter(newest.contains) + older.map(\.key) {
      minutes[time]?.toldIn = version
    }
  }

  /// The minutes of a message, in order.
  ///
  /// - Parameters:
  ///   - seen: the version after which the message tells of changes; 0 for all minutes.
  ///   - isFirst: whether it is the first of its stream, which waits for no turn.
  func rows(after seen: Int, isFirst: Bool) -> [String] {
    minutes.filter { seen == 0 || $0.value.toldIn > seen || isFirst && $0.value.isUntold }
      .sorted { $0.key < $1.key }.map(\.value.json)
  }
}
