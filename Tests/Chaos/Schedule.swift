import TestKit

/// The actions of one episode, all drawn from a seed.
struct Schedule {
  var seed: UInt64
  var partitions: Int
  /// Flags of `generate` for late, doubled, disordered and malformed events.
  var faults: [String]
  var actions: [Action]
  /// The number of records that a worker may lag before a load takes over its share (`--far-behind`). Nil
  /// leaves the program's default, which no episode reaches.
  var farBehind: Int?
  /// For how many hours loads keep minutes; drawn beside the others, so that a seed's actions are what they were.
  var retention: [String] {
    var random = SeededRandom(seed: seed ^ 0x6d69_6e75_7465)
    return ["--minute-retention", ["1", "2", "9", "all"].randomElement(using: &random)!]
  }

  /// Kinds of trouble that can be left out, so that a known defect does not hide others.
  enum Trouble: String, CaseIterable {
    case repeats, lateDuplicates, deadLoads, frozen, grow, topics, power, live, restart
  }

  init(seed: UInt64, without: Set<Trouble> = []) {
    self.seed = seed
    var draw = Draw(seed: seed, without: without)
    partitions = draw.pick([1, 2, 2, 3, 4])
    faults = draw.faults()
    farBehind = draw.pick([nil, nil, 300, 3000])
    actions = draw.actions()
  }

  /// Six loads, which end at one statement after the other, from `6 (seed - 1) + 1` on, while a worker is
  /// absent, restarting, frozen or behind. Seeds 1 to 45 end a load at each of its statements; each next 45
  /// seeds do so with the worker in the next of these states. The kind of each load and the way in which it
  /// ends are drawn, and drawn anew for each further 180 seeds.
  static func sweep(seed: UInt64) -> Schedule {
    var schedule = Schedule(seed: seed)
    let number = Int(seed) - 1
    let first = number % 45 * 6 + 1
    let state = number / 45 % 4
    var random = SeededRandom(seed: seed)
    schedule.actions = []
    schedule.farBehind = state == 3 ? 300 : nil
    for index in 0..<6 {
      schedule.actions.append(.startWorker(0, flushMs: 50))
      if state == 0 { schedule.actions.append(.killWorker(0)) }
      schedule.actions.append(.write(run: index + 1, byImport: index % 3 == 2))
      switch state {
      case 1: schedule.actions += [.pause(ms: 300), .killWorker(0), .startWorker(0, flushMs: 50)]
      case 2: schedule.actions += [.pause(ms: 300), .freeze(.worker(0))]
      case 3: break
      default: schedule.actions.append(.pause(ms: 300))
      }
      let ending = Action.Ending(
        means: random.chance(0.5) ? .kill : .cutConnections, statement: first + index,
        isAnswered: random.chance(0.5))
      schedule.actions += [
        .load(random.chance(0.4) ? .full : .incremental, ending),
        .settle(
          .init(
            byWorkers: index % 2 == 0, keepsFrozen: true,
            load: index == 5 ? .incremental : nil, comparesFull: index == 5)),
      ]
    }
    return schedule
  }

  var lines: [String] {
    [
      "seed \(seed), \(partitions) partitions, "
        + (farBehind.map { "load --far-behind \($0), " } ?? "")
        + "load \(retention.joined(separator: " ")), "
        + "generate \(faults.joined(separator: " "))"
    ]
      + actions.enumerated().map { "\($0.offset + 1). \($0.element)" }
  }
}

/// Draws the parts of a schedule.
private struct Draw {
  var random: SeededRandom
  let without: Set<Schedule.Trouble>
  private var run = 0
  private var isLive = false
  private var mayRepeat = false

  init(seed: UInt64, without: Set<Schedule.Trouble>) {
    random = SeededRandom(seed: seed)
    self.without = without
  }

  mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
  mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
  mutating func chance(_ share: Double) -> Bool { random.chance(share) }
  func has(_ trouble: Schedule.Trouble) -> Bool { !without.contains(trouble) }

  mutating func faults() -> [String] {
    var flags: [String] = []
    if chance(0.5) { flags += ["--late-fraction", "0.02", "--late-by", "30m..5h"] }
    if chance(0.6) {
      let isLate = chance(0.5) && has(.lateDuplicates)
      flags += ["--duplicate-fraction", "0.03", "--duplicate-by", isLate ? "1m..8h" : "0s..60s"]
    }
    if chance(0.5) { flags += ["--out-of-order-by", "90s"] }
    if chance(0.5) { flags += ["--malformed-fraction", "0.01"] }
    return flags
  }

  mutating func actions() -> [Action] {
    var actions: [Action] = []
    isLive = chance(0.35) && has(.live)
    if chance(0.15), has(.topics) { actions += [.firstTopicAlone, worker(), .pause(ms: 500)] }
    // The first writer, the first worker and the first load come in every possible order.
    var first: [[Action]] = [[writer()], [worker()], [load()]]
    first.shuffle(using: &random)
    if chance(0.4) { first.removeLast() }
    actions += first.joined()
    for round in 0..<(2 + below(2)) {
      // The worker that catches up for a settling ends with it, so another one is needed.
      if round > 0, chance(0.8) { actions.append(worker()) }
      if round > 0, chance(0.3) { actions.append(worker()) }
      if round > 0 || !actions.contains(where: isWriter) { actions.append(writer()) }
      for _ in 0..<(3 + below(5)) { actions += step() }
      actions.append(.settle(settling()))
    }
    return actions
  }

  private func isWriter(_ action: Action) -> Bool {
    switch action {
    case .write, .live: true
    default: false
    }
  }

  private mutating func writer() -> Action {
    run += 1
    return isLive ? .live(run: run) : .write(run: run, byImport: chance(0.4))
  }

  private mutating func worker() -> Action {
    .startWorker(below(4), flushMs: pick([20, 50, 200, 1000]))
  }

  private mutating func kind() -> Action.LoadKind { chance(0.3) ? .full : .incremental }

  private mutating func load() -> Action { .load(kind(), chance(0.7) ? ending() : nil) }

  private mutating func ending() -> Action.Ending? {
    guard has(.deadLoads) else { return nil }
    var means = pick(Action.Ending.Means.allCases + [.kill])
    if means == .freeze, !has(.frozen) { means = .kill }
    // A load has about two hundred statements, of which those around its cut are tried more often.
    let statement = chance(0.4) ? 1 + below(50) : 1 + below(260)
    return Action.Ending(means: means, statement: statement, isAnswered: chance(0.5))
  }

  private mutating func settling() -> Action.Settling {
    Action.Settling(
      byWorkers: chance(0.5), keepsFrozen: chance(0.3), load: chance(0.85) ? kind() : nil,
      comparesFull: chance(0.35))
  }

  private mutating func step() -> [Action] {
    switch below(19) {
    case 0, 1, 2, 3: return [load()]
    case 4:
      return [.startLoad(kind()), .pause(ms: below(600)), chance(0.5) ? .killLoad : .pause(ms: 1)]
    case 5, 6: return [worker()]
    case 7: return [.stopWorker(below(4))]
    case 8, 9: return [.killWorker(below(4)), .pause(ms: below(300))]
    case 10: return has(.restart) ? [.restartServer] : []
    case 11, 12: return [.killBackend(below(8))]
    case 13: return [.pause(ms: 100 + below(1500))]
    case 14, 15:
      guard has(.frozen) else { return [] }
      let target = pick([Action.Target.worker(below(4)), .worker(below(2)), .writer, .load])
      // Half of the pauses are longer than any lease.
      let length = chance(0.5) ? 11_500 : 300 + below(1500)
      var steps: [Action] = []
      if case .worker(let slot) = target { steps.append(.startWorker(slot, flushMs: 20)) }
      if target == .load { steps.append(.startLoad(kind())) }
      steps += [.pause(ms: below(400)), .freeze(target)]
      if chance(0.4) { steps.append(load()) }
      return steps + (chance(0.7) ? [.pause(ms: length), .thaw(target)] : [])
    case 16, 17:
      if isLive {
        return [.pause(ms: 500 + below(1500)), .killWriter(afterMs: below(400)), writer()]
      }
      guard has(.repeats) else { return [] }
      return [writer(), .killWriter(afterMs: 10 + below(300)), .repeatWriter]
    default:
      if chance(0.5) { return has(.power) ? [.losePower, writer()] : [] }
      return has(.grow) ? [.growPartitions, writer()] : []
    }
  }
}
