import Foundation
import Glibc
import Simulation
import TestKit

/// A power loss, as far as it can be had with real processes: all of them and PostgreSQL are killed at once,
/// and growing segments end in a torn line. The loss of unsynced bytes is tested by `polyrhythm simulate`,
/// which knows what was synced.
extension Episode {
  func losePower() throws {
    if fleet.killWriter(isOwed: true) { tally.kills += 1 }
    if fleet.load?.isRunning == true { tally.kills += 1 }
    fleet.load?.kill()
    tally.kills += fleet.killWorkers()
    try server.crash()
    tally.restarts += 1
    var random = SeededRandom(seed: schedule.seed)
    for topic in ["listen_events", "auth_events", "page_view_events"] {
      let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "\(log)/\(topic)")) ?? []
      for number in numbers.sorted() where Int(number) != nil {
        try tear("\(log)/\(topic)/\(number)", &random)
      }
    }
  }

  private func tear(_ directory: String, _ random: inout SeededRandom) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory)
    guard let name = names.filter({ $0.hasSuffix(".ndjson") && !$0.hasPrefix(".") }).sorted().last,
      random.chance(0.7)
    else { return }
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(directory)/\(name)"))
    defer { try? handle.close() }
    try handle.seekToEnd()
    let line = Data(#"{"ts":1767571200000,"sessionId":1,"itemInSession":0,"page":"Ho"#.utf8)
    try handle.write(contentsOf: line.prefix(1 + Int(random.next() % UInt64(line.count - 1))))
  }
}
