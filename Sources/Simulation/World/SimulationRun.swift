import Foundation
import Support
import Warehouse

/// Runs simulations one after the other, each with the next seed. One thread takes the steps that the seed
/// gives, and the views are compared with an oracle that shares no code with the layers.
public struct SimulationRun {
  /// Which simulations to run, and for how long.
  public struct Configuration: Sendable {
    /// The seed of the first simulation; each further simulation has the next number.
    public var seed: UInt64
    /// The number of steps of each simulation, at least 1.
    public var steps = 40
    /// The number of simulations.
    public var runs = 1
    /// Seconds after which no further simulation begins; nil to run all of them.
    public var lifetime: Double?
    /// Seconds to spend on finding a shorter sequence that fails too.
    public var shrinkSeconds = 120.0
    /// True to report each step before it is taken.
    public var isVerbose = false

    /// One simulation of 40 steps.
    public init(seed: UInt64) { self.seed = seed }
  }

  /// What simulations have done that did not fail.
  public struct Summary: Sendable {
    /// The number of simulations.
    public var runs = 0
    /// The number of steps taken, over all simulations.
    public var steps = 0
    /// How often the merged views were looked at.
    public var looks = 0
    /// The number of different events in the logs of all simulations.
    public var events = 0
    /// A hash of all rows of the merged views at the end of the last simulation.
    public var fingerprint = ""
  }

  /// A simulation that failed, with all that is needed to repeat it.
  public struct Failure: UserFacingError {
    /// The seed of the simulation.
    public var seed: UInt64
    /// What was wrong, the shortest sequence of steps that was seen to fail, and the command that repeats it.
    public var message: String
    /// 1: the layers do not do what they must.
    public var exitCode: ExitCode { .failure }
  }

  private let configuration: Configuration
  private let library: SQLLibrary
  private let say: (String) -> Void

  /// - Parameters:
  ///   - library: the SQL files with which the layers run.
  ///   - say: called with a line for each simulation, and for each step where the run is verbose.
  public init(
    _ configuration: Configuration, library: SQLLibrary, say: @escaping (String) -> Void
  ) {
    self.configuration = configuration
    self.library = library
    self.say = say
  }

  /// Runs the simulations on a PostgreSQL server of their own, below `/tmp`.
  /// - Parameter stop: ends the run before its next simulation.
  /// - Throws: `Failure` for the first simulation that fails; other errors where the simulation itself cannot
  ///   go on.
  public func run(stop: StopToken) throws -> Summary {
    let directory = "/tmp/polyrhythm-simulate-\(getpid())"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o755])
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let server = try SimulationServer(in: directory)
    defer { server.stop() }
    let start = ContinuousClock.now
    var summary = Summary()
    for run in 0..<configuration.runs where !stop.isRequested {
      if let lifetime = configuration.lifetime, ContinuousClock.now - start > .seconds(lifetime) {
        break
      }
      let seed = configuration.seed &+ UInt64(run)
      let sequence = StepSequence(seed: seed, count: configuration.steps)
      let outcome = try simulate(sequence, server, "\(directory)/\(seed)", configuration.isVerbose)
      if let problem = outcome.problem {
        throw failure(sequence, problem, outcome.taken, server, directory, stop)
      }
      summary.runs += 1
      summary.steps += sequence.steps.count
      summary.looks += outcome.looks
      summary.events += outcome.events
      summary.fingerprint = outcome.fingerprint
      say(
        "seed \(seed): \(sequence.steps.count) steps, \(outcome.events) events, rows "
          + outcome.fingerprint)
    }
    return summary
  }

  private struct Outcome {
    /// What was wrong, and at which step; nil where all was right.
    var problem: String?
    /// The number of steps taken, including the one that failed.
    var taken = 0
    var looks = 0
    var events = 0
    var fingerprint = ""
  }

  private func simulate(
    _ sequence: StepSequence, _ server: SimulationServer, _ directory: String, _ isVerbose: Bool
  ) throws -> Outcome {
    var outcome = Outcome()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let world = try SimulatedWorld(sequence, server: server, library: library, directory: directory)
    defer { world.end() }
    for step in sequence.steps {
      outcome.taken += 1
      if isVerbose { say("  \(outcome.taken). \(step)") }
      do {
        try world.perform(step)
      } catch let discrepancy as Discrepancy {
        outcome.problem = "at step \(outcome.taken), \(step): \(discrepancy)"
        return outcome
      } catch let error as any UserFacingError {
        outcome.problem = "at step \(outcome.taken), \(step): \(error.message)"
        return outcome
      }
    }
    outcome.looks = world.looks
    (outcome.fingerprint, outcome.events) = try world.fingerprint()
    return outcome
  }

  private func failure(
    _ sequence: StepSequence, _ problem: String, _ taken: Int, _ server: SimulationServer,
    _ directory: String, _ stop: StopToken
  ) -> Failure {
    say("seed \(sequence.seed) fails \(problem)")
    say("looking for a shorter sequence, for \(Int(configuration.shrinkSeconds)) s at most …")
    let deadline = ContinuousClock.now + .seconds(configuration.shrinkSeconds)
    var reason = problem
    var tries = 0
    let shortest = Shrinking.shortest(Array(sequence.steps.prefix(taken)), until: deadline) {
      steps in
      guard !stop.isRequested else { return false }
      tries += 1
      var shorter = sequence
      shorter.steps = steps
      let outcome = try? simulate(shorter, server, "\(directory)/s\(tries)", false)
      if let problem = outcome?.problem { reason = problem }
      return outcome?.problem != nil
    }
    let lines = shortest.enumerated().map { "  \($0.offset + 1). \($0.element)" }
    return Failure(
      seed: sequence.seed,
      message:
        "seed \(sequence.seed) fails \(reason)\nthe shortest sequence that was seen to fail, of "
        + "\(sequence.partitions) partitions at first:\n\(lines.joined(separator: "\n"))\n"
        + "again: polyrhythm simulate --seed \(sequence.seed) --steps \(configuration.steps)")
  }
}
