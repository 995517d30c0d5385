import Metrics
import Warehouse

/// Who is here for the first time: the question `new-and-returning-listeners` (docs/questions.md), over HTTP. The SQL is the file of
/// that question, so that both say the same.
struct Newcomers: Sendable {
  /// What it is asked by, which is what the question can be asked by.
  static let granularities: [Granularity] = [.day, .week, .month, .quarter, .year]
  /// What the range has unless it is given, in milliseconds.
  static let usualRange: Int64 = 28 * 24 * 60 * Instant.minute

  /// The rows that it is made of.
  enum Rung: String, CaseIterable {
    case hour, day
  }

  private let texts: [String: String]

  /// Reads the file of the question.
  init(_ library: SQLLibrary) throws(WarehouseError) {
    var texts: [String: String] = [:]
    for granularity in Self.granularities {
      for rung in Rung.allCases {
        texts[granularity.rawValue + rung.rawValue] = try library.sql(
          "new-and-returning-listeners",
          [
            "bucket": granularity.rawValue, "user": "serving.\(rung.rawValue)_user",
            "time": rung.rawValue,
          ], in: "questions")
      }
    }
    self.texts = texts
  }

  /// What is asked: whole days of a time zone.
  struct Range {
    var from: Instant
    var to: Instant
    var timeZone: String
    var granularity: Granularity
    var rung: Rung

    /// - Throws: for a granularity without an answer, and for a time zone whose days do not begin with an hour of UTC, of which no row
    ///   says how much belongs to which day.
    init(_ read: ParameterReader, now: Instant) throws(RequestError) {
      timeZone = try read.timeZone()
      let (from, to) = try read.range(now: now, timeZone: timeZone, length: usualRange)
      guard let clock = LocalClock(timeZone) else { throw .unknownTimeZone(timeZone) }
      granularity = try read.choice(.granularity, of: Granularity.self) ?? .day
      guard granularities.contains(granularity) else {
        throw .parameter(
          .granularity, found: granularity.rawValue,
          accepted: granularities.map(\.rawValue).joined(separator: ", "))
      }
      let day = 24 * 60 * Instant.minute
      self.from = clock.instant(showing: clock.shown(at: from).floored(to: day))
      self.to = clock.instant(showing: clock.shown(at: to).ceiled(to: day))
      rung = timeZone == "UTC" ? .day : .hour
      let week = stride(
        from: self.from.milliseconds, through: self.to.milliseconds, by: Int(7 * day))
      let areWhole = week.allSatisfy {
        clock.offset(at: Instant(milliseconds: $0)) % (60 * Instant.minute) == 0
      }
      guard areWhole else {
        throw .parameter(
          .timeZone, found: timeZone, accepted: "a zone whose days begin with an hour of UTC")
      }
    }
  }

  /// The statements of one snapshot: the last two answer with how far everything is, and with the rows, whose first column is the
  /// bucket's start.
  func statements(_ range: Range) -> [Statement] {
    let text = texts[range.granularity.rawValue + range.rung.rawValue] ?? ""
    return [
      Statement(
        sql: "select set_config('TimeZone', $1, true)", parameters: [range.timeZone]),
      Statement(
        sql: """
          select \(SQLText.asOf) as as_of,
            case when isfinite(final_before) then \(SQLText.iso("final_before", milliseconds: false)) end as final_before
          from batch.published
          """, parameters: []),
      Statement(
        sql: """
          select \(SQLText.iso("layers.first_showing(bucket at time zone $3, $3)", milliseconds: false)) as time,
            listeners, new_listeners, returning_listeners, of_them_resurrected, to_json(new_share) as new_share
          from (
          \(text)
          ) as answer
          order by bucket
          """, parameters: [range.from.iso8601, range.to.iso8601, range.timeZone]),
    ]
  }
}
