import Support

/// One step of a simulation.
public enum Step: Equatable, Sendable, CustomStringConvertible {
  /// What `polyrhythm load` does: loads, takes the last load back, or makes a build for later and publishes that.
  public enum Load: String, Sendable { case full, incremental, rollback, shadow, publish }

  /// The next records of some topics are appended to the log. `topics` is a sum of 1 for listens, 2 for logins
  /// and 4 for page views; `count` is the number of listens or page views.
  case append(topics: Int, count: Int)
  /// The records so far are synced to the disk.
  case sync
  /// The writer is lost, and perhaps records that were not synced. Lost records are appended again.
  case losePower(seed: UInt64)
  /// Each topic gets another partition. Users so far send nothing more, as they would change partition.
  case addPartition
  /// A worker commits a number of flushes, or works for 2 s, and then stops.
  case work(flushes: Int, recordsPerFlush: Int)
  /// A worker's connections are cut at a statement, before the server gets it or after its answer, and the
  /// worker dies.
  case workDies(statement: Int, isAnswered: Bool)
  /// A worker is held before a statement, as if it were frozen, until `releaseWorker`.
  case holdWorker(statement: Int)
  /// The held worker goes on, is asked to stop, and ends.
  case releaseWorker
  /// A number of workers run at the same time until all records are committed.
  case workers(Int)
  /// A load runs to its end. It may be refused, as where there is nothing to take back.
  case load(Load)
  /// A load's connections are cut at a statement, before the server gets it or after its answer.
  case loadDies(Load, statement: Int, isAnswered: Bool)
  /// PostgreSQL ends without a shutdown and starts again.
  case crashServer
  /// A worker reads all records, and every row of the views is compared with the log; where a load is given,
  /// it runs, and all rows are compared again.
  case settle(Load?)

  public var description: String {
    switch self {
    case .append(let topics, let count):
      "append \(count) of "
        + ["listens", "logins", "page views"].enumerated().filter { topics & 1 << $0.offset != 0 }
        .map(\.element).joined(separator: ", ")
    case .sync: "sync the log"
    case .losePower: "power loss"
    case .addPartition: "another partition"
    case .work(let flushes, let records): "a worker commits \(flushes) flushes of \(records)"
    case .workDies(let statement, let isAnswered):
      "a worker dies \(isAnswered ? "after" : "before") statement \(statement)"
    case .holdWorker(let statement): "a worker freezes at statement \(statement)"
    case .releaseWorker: "the frozen worker goes on"
    case .workers(let count): "\(count) workers catch up"
    case .load(let kind): "load \(kind.rawValue)"
    case .loadDies(let kind, let statement, let isAnswered):
      "load \(kind.rawValue) dies \(isAnswered ? "after" : "before") statement \(statement)"
    case .crashServer: "PostgreSQL crashes"
    case .settle(let kind): "settle" + (kind.map { ", load \($0.rawValue)" } ?? "")
    }
  }
}

/// The steps of a simulation, all drawn from its seed.
public struct StepSequence: Sendable {
  /// The seed of the steps and of the site's events.
  public let seed: UInt64
  /// The number of partitions of each topic at first, 1 to 3.
  public var partitions: Int
  /// The steps in order; the last one settles all.
  public var steps: [Step] = []

  /// - Parameter count: the number of steps, raised to 1; one more step, which settles all, is added.
  public init(seed: UInt64, count: Int) {
    self.seed = seed
    var random = SplitMix64(seed: seed)
    partitions = 1 + random.below(3)
    var isHeld = false
    for _ in 0..<max(1, count) {
      let step = Self.draw(&random, isHeld: isHeld)
      if case .holdWorker = step { isHeld = true }
      if case .releaseWorker = step { isHeld = false }
      steps.append(step)
    }
    steps.append(.settle(.incremental))
  }

  private static func draw(_ random: inout SplitMix64, isHeld: Bool) -> Step {
    let kind = load(random.below(100))
    // A load has about two hundred statements; a worker's start and flush have about thirty.
    let ofLoad = 1 + random.below(random.chance(0.4) ? 40 : 220)
    let ofWorker = 1 + random.below(random.chance(0.5) ? 20 : 80)
    let isAnswered = random.chance(0.5)
    switch random.below(20) {
    case 0..<6:
      // Most steps append to all topics; a few append to some only, so that a topic gets far ahead of others.
      let topics = random.chance(0.7) ? 7 : 1 + random.below(7)
      return .append(topics: topics, count: 50 + random.below(600))
    case 6: return .sync
    case 7: return .losePower(seed: random.next())
    case 8: return random.chance(0.3) ? .addPartition : .crashServer
    case 9, 10: return .work(flushes: 1 + random.below(3), recordsPerFlush: 20 + random.below(300))
    case 11: return .workDies(statement: ofWorker, isAnswered: isAnswered)
    case 12: return isHeld ? .releaseWorker : .holdWorker(statement: ofWorker)
    case 13: return .workers(1 + random.below(3))
    case 14, 15: return .load(kind)
    case 16, 17, 18: return .loadDies(kind, statement: ofLoad, isAnswered: isAnswered)
    default:
      let isLoad = kind == .full || kind == .incremental
      return .settle(random.chance(0.7) ? (isLoad ? kind : .incremental) : nil)
    }
  }

  private static func load(_ percent: Int) -> Step.Load {
    switch percent {
    case ..<22: .full
    case ..<76: .incremental
    case ..<88: .rollback
    case ..<95: .shadow
    default: .publish
    }
  }
}
