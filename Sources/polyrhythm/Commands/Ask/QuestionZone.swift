import Foundation

/// The time zone that buckets begin in, and what it asks of the rows that they are made of.
struct QuestionZone {
  let name: String
  private let zone: TimeZone

  /// - Throws: `UsageError` where there is no such zone.
  init(_ name: String?) throws {
    self.name = name ?? "UTC"
    // PostgreSQL takes names such as GMT+3 as well, whose sign means the opposite there.
    guard self.name == "UTC" || self.name.contains("/"), let zone = TimeZone(identifier: self.name)
    else {
      throw UsageError(
        "--tz: there is no time zone \(self.name); give a name such as Europe/Berlin, or UTC")
    }
    self.zone = zone
  }

  /// The widest rows that lie within one day of the zone each: days begin with a row there.
  func rung(from: Int64, to: Int64) -> QuestionRung {
    if name == "UTC" { return .day }
    let week = 7 * 86_400_000.0
    let times = Array(stride(from: Double(from), to: Double(to), by: week)) + [Double(to)]
    let areWhole = times.allSatisfy {
      zone.secondsFromGMT(for: Date(timeIntervalSince1970: $0 / 1000)) % 3600 == 0
    }
    return areWhole ? .hour : .minute
  }
}
