import Foundation
import Glibc
import TestKit
import Testing

/// Writers are killed again and again and then run to their end. The log must be the same as without the
/// kills.
@Suite(.serialized) struct ResumeTests {
  private let seed = UInt64.random(in: 1...1_000_000)

  /// The bytes of each partition of a log whose segments are not sealed yet.
  private func partitions(_ log: String) throws -> [String: Data] {
    var found: [String: Data] = [:]
    let names = FileManager.default.enumerator(atPath: log)
    while let name = names?.nextObject() as? String {
      // The catalogue may say the same twice.
      guard name.hasSuffix(".ndjson"), !name.hasPrefix("songs/"), !name.hasPrefix("users/") else {
        continue
      }
      found[name] = FileManager.default.contents(atPath: "\(log)/\(name)")
    }
    return found
  }

  /// Kills the command at random points of the time that it takes, and then lets it run to its end.
  /// - Returns: how many of the kills came while the command was running.
  private func torment(
    _ words: [String], lives: Int, duration: Int, _ box: Sandbox, _ random: inout SeededRandom
  ) throws -> Int {
    var met = 0
    for _ in 0..<lives {
      let program = try box.start(words)
      // Kills come in the first quarter of the time, so that most of them come while the command is running.
      usleep(UInt32(random.below(duration / 4)))
      if program.isRunning { met += 1 }
      program.kill()
    }
    try box.succeed(words)
    return met
  }

  private func timed(_ body: () throws -> Void) rethrows -> Int {
    let start = ContinuousClock.now
    try body()
    return Int((ContinuousClock.now - start) / .microseconds(1))
  }

  @Test func anImportThatIsKilledTwelveTimesGivesTheBytesOfOneThatIsNot() throws {
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    try withSandbox { box in
      let files = try box.generate("in", users: 400, from: "2026-01-01", to: "2026-01-06")
      let duration = try timed {
        try box.succeed(["import", files, "--log", "dir:\(box.path("whole"))"])
      }
      let expected = try partitions(box.path("whole"))
      let words = ["import", files, "--log", "dir:\(box.path("killed"))"]
      let met = try torment(words, lives: 12, duration: duration, box, &random)
      #expect(met > 3)
      #expect(try partitions(box.path("killed")) == expected, "seed \(seed), \(met) kills")
      let again = try box.succeed(words)
      #expect(
        again.errorLines.count == 5
          && again.errorLines.allSatisfy {
            $0.hasPrefix("already in the log: ") && $0.hasSuffix("nothing to do")
          }, "\(again)")
      #expect(try partitions(box.path("killed")) == expected)
    }
  }

  @Test(arguments: [
    [String](),
    ["--late-fraction", "0.1", "--duplicate-fraction", "0.1", "--malformed-fraction", "0.05"],
  ])
  func aBoundedRunOfTheGeneratorThatIsKilledTenTimesGivesTheBytesOfOneThatIsNot(
    _ faults: [String]
  ) throws {
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    try withSandbox { box in
      func words(_ log: String, to end: String = "2026-01-05") -> [String] {
        ["generate", "--users", "400", "--from", "2026-01-01", "--to", end, "--seed", "3"] + faults
          + ["--log", "dir:\(box.path(log))"]
      }
      let duration = try timed { try box.succeed(words("whole")) }
      let expected = try partitions(box.path("whole"))
      let met = try torment(words("killed"), lives: 10, duration: duration, box, &random)
      #expect(met > 3)
      #expect(try partitions(box.path("killed")) == expected, "seed \(seed), \(met) kills")
      let again = try box.succeed(words("killed"))
      #expect(again.errors.contains("already in the log: "), "\(again)")
      #expect(try partitions(box.path("killed")) == expected)
      guard faults.isEmpty else { return }
      // A longer run gives the same bytes and then further ones.
      try box.succeed(words("killed", to: "2026-01-06"))
      try box.succeed(words("longer", to: "2026-01-06"))
      #expect(try partitions(box.path("killed")) == partitions(box.path("longer")))
    }
  }

  @Test func aRunThatIsKilledInItsHistoryAndWhileItCatchesUpWritesEveryEventOnce() throws {
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    try withSandbox { box in
      let words = [
        "run", "--data", box.data, "--users", "2000", "--history-days", "12", "--listen",
        "127.0.0.1:0", "--seed", "5",
      ]
      func total() throws -> Int64 { try LogFiles(box.log).count().total }
      for _ in 0..<6 {
        let before = (try? total()) ?? 0
        let program = try box.start(words)
        _ = try eventually(within: 60) {
          try !program.isRunning
            || FileManager.default.fileExists(atPath: "\(box.data)/generator.json")
              && total() > before
        }
        #expect(program.isRunning, "\(program.errorsSoFar)")
        usleep(UInt32(random.below(400_000)))
        program.kill()
      }
      let last = try box.start(words)
      try #require(
        eventually(within: 120) { last.errorsSoFar.contains("live") || !last.isRunning },
        "\(last.errorsSoFar)")
      last.send(SIGTERM)
      _ = try last.wait()
      #expect(try total() > 50_000)
      #expect(try box.distinctLines(of: box.log) == LogFiles(box.log).count(), "seed \(seed)")
    }
  }
}
