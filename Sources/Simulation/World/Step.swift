import Support

/// One step of a simulation.
public enum Step: Equatable, Sendable, CustomStringConvertible {
  public enum Load: String, Sendable { case full, incremental }

  /// The next records of some topics go to the log: 1 is listens, 2 logins, 4 page views.
  case append(topics: Int, count: Int)
  /// What was appended is on the disk.
  case sync
  /// The writer is gone, and what was not synced may be; what was lost is appended again.
  case losePower(seed: UInt64)
  /// The topics get another partition; the users of earlier runs say nothing more.
  case addPartition
  /// A worker commits so many flushes, then stops.
  case work(flushes: Int, recordsPerFlush: Int)
  /// A worker whose connections are cut at a statement, and which is dead then.
  case workDies(statement: Int, isAnswered: Bool)
  /// A worker is held at a statement, as if it were frozen; steps later it goes on.
  case holdWorker(statement: Int)
  case releaseWorker
  /// So many at a time, until all is committed.
  case workers(Int)
  case load(Load)
  case loadDies(Load, statement: Int, isAnswered: Bool)
  case crashServer
  /// All is read by a worker, and compared; then maybe loaded, and compared again.
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

/// The steps that a seed gives.
public struct StepSequence: Sendable {
  public let seed: UInt64
  public var partitions: Int
  public var steps: [Step] = []

  /// - Parameter count: steps, at least 1; one more settles it all.
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
    let kind = random.chance(0.3) ? Step.Load.full : .incremental
    // A load has some two hundred statements, a worker's start and flush some thirty.
    let ofLoad = 1 + random.below(random.chance(0.4) ? 40 : 220)
    let ofWorker = 1 + random.below(random.chance(0.5) ? 20 : 80)
    let isAnswered = random.chance(0.5)
    switch random.below(20) {
    case 0..<6:
      // Mostly all topics move along; at times one is far ahead of the others.
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
    default: return .settle(random.chance(0.7) ? kind : nil)
    }
  }
}
