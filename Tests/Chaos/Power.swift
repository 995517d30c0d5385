import Foundation
import Glibc
import Simulation
import TestKit
import Warehouse

/// A power loss, as far as processes can have one: writers are killed, and the end of each partition's
/// growing segment is lost, torn anywhere, down to what somebody may have relied on.
extension Episode {
  func losePower() throws {
    if fleet.killWriter(isOwed: true) { tally.kills += 1 }
    for slot in fleet.workers.keys.sorted() {
      if let worker = fleet.workers[slot], worker.isRunning { tally.kills += 1 }
    }
    _ = fleet.killWorkers()
    fleet.load?.kill()
    try watch.pausing {
      var random = SeededRandom(seed: schedule.seed)
      for source in try sources() { try cut(source, &random) }
      recount.forget()
    }
  }

  private func sources() throws -> [String] {
    let topics = (try? FileManager.default.contentsOfDirectory(atPath: log)) ?? []
    return try topics.filter { !$0.hasPrefix(".") }.sorted().flatMap { topic in
      try FileManager.default.contentsOfDirectory(atPath: "\(log)/\(topic)").filter { Int($0) != nil }
        .sorted().map { "\(topic)/\($0)" }
    }
  }

  private func cut(_ source: String, _ random: inout SeededRandom) throws {
    guard let synced = try UnsyncedTail.firstByte(of: "\(log)/\(source)") else { return }
    let size = synced.size
    guard synced.byte < size else { return }
    let kept = synced.byte + Int(random.next() % UInt64(size - synced.byte + 1))
    truncate(synced.path, off_t(kept))
    say("   \(source): \(size - kept) of \(size - synced.byte) unsynced bytes are lost")
  }
}
