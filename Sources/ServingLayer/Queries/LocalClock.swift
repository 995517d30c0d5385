import Foundation
import Support

/// What the clocks of a time zone show, as far as this machine knows the zone.
struct LocalClock: Sendable {
  private let zone: TimeZone

  /// nil where the zone is not known here.
  /// - Parameter name: the IANA name.
  init?(_ name: String) {
    guard let zone = TimeZone(identifier: name) else { return nil }
    self.zone = zone
  }

  /// The names of zones that are places, and UTC. Others are taken too, where the database knows them.
  static let names =
    ["UTC"]
    + TimeZone.knownTimeZoneIdentifiers.filter { $0.contains("/") && !$0.hasPrefix("Etc/") }
    .sorted()

  /// What the clocks are ahead of UTC at a time, in milliseconds.
  func offset(at time: Instant) -> Int64 {
    let date = Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
    return Int64(zone.secondsFromGMT(for: date)) * 1000
  }

  /// What the clocks show at a time, written as if they were those of UTC.
  func shown(at time: Instant) -> Instant {
    Instant(milliseconds: time.milliseconds + offset(at: time))
  }

  /// When the clocks show a time. Where they show it twice, the first of the two; where they pass over it, the time as long after the
  /// change as it is after the last time that was shown.
  func instant(showing local: Instant) -> Instant {
    let day = ISOTime.millisecondsPerDay
    // No zone has ever changed its clocks twice within two days.
    let before = offset(at: Instant(milliseconds: local.milliseconds - day))
    let after = offset(at: Instant(milliseconds: local.milliseconds + day))
    let first = Instant(milliseconds: local.milliseconds - before)
    if offset(at: first) == before { return first }
    let second = Instant(milliseconds: local.milliseconds - after)
    return offset(at: second) == after ? second : first
  }
}
