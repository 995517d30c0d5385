import TestKit
import Testing

/// Random actions on a directory log, compared with a list in memory; see `LogModel`.
@Suite struct ModelTests {
  private static let failed = FailedSeeds("event-log-model")
  private static let steps = 400

  /// Runs the seeds that have failed before, then 1 to 16, then a drawn one; `POLYRHYTHM_SEED=…` stands for
  /// the drawn one, to see a failure again.
  @Test(arguments: LogModel.Disk.allCases)
  func randomActionsAgreeWithAModel(_ disk: LogModel.Disk) throws {
    let known = try Self.failed.seeds(of: disk.rawValue)
    let drawn = TestSeed.drawn()
    print("log model on the \(disk) disk: POLYRHYTHM_SEED=\(drawn)")
    for seed in known + Array(1...16) + [drawn] {
      do {
        try LogModel(disk, seed: seed).run(steps: Self.steps)
      } catch {
        try? Self.failed.add(seed, of: disk.rawValue)
        Issue.record("\(disk) disk, POLYRHYTHM_SEED=\(seed): \(error)")
      }
    }
  }

  /// A failure can be looked into only where its seed repeats it.
  @Test func theSameSeedTakesTheSameActionsWithTheSameOutcome() throws {
    func trace() throws -> [String] {
      let model = try LogModel(.simulated, seed: 12)
      try model.run(steps: Self.steps)
      return model.trace
    }
    let trace = (try trace(), try trace())
    #expect(trace.0 == trace.1)
    // The seed comes to each kind of action, or the comparison would say little.
    for action in [
      "lose power", "… no power", "retain", "compress", "die", "commit", "hours pass",
    ] {
      #expect(trace.0.contains { $0.contains(action) }, "no \(action) in \(trace.0.count) actions")
    }
  }
}
