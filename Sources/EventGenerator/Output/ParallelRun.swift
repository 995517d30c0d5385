import Support

/// A whole run's lines in the order of time, simulated on several threads.
///
/// Each thread has a shard of the users. The shards' lines are merged by time and user number, so that the
/// bytes are the same for any number of threads.
public struct ParallelRun: Sendable {
  /// The run to simulate.
  public let scenario: Scenario
  /// How many threads simulate, 1 to 64. Where it is 1, the caller's thread does.
  public let threads: Int

  /// - Parameter threads: lowered to the number of users and to 64, raised to 1.
  public init(_ scenario: Scenario, threads: Int) {
    self.scenario = scenario
    self.threads = max(1, min(threads, scenario.config.users, 64))
  }

  /// Calls `body` with each line until the run's end, or until `body` returns false.
  /// - Returns: how many sessions were under way at the end and are cut there; nil where `body` ended
  ///   the run.
  /// - Throws: whatever `body` throws.
  public func run(_ body: (EventLine) throws -> Bool) throws -> Int? {
    if threads == 1 {
      var simulation = Simulation(scenario)
      return try simulation.runLines(until: nil, body) ? simulation.sessionsUnderWay : nil
    }
    let shards = (0..<threads).map { ShardWorker(scenario, Shard(index: $0, of: threads)) }
    defer { for shard in shards { shard.close() } }
    var merge = LineMerge(shards)
    guard try merge.run(body) else { return nil }
    return try shards.reduce(0) { try $0 + $1.worker.wait() }
  }
}

extension Simulation {
  /// Calls `body` with each event, encoded, until `end` (milliseconds since 1970-01-01 UTC, exclusive) or the
  /// run's end.
  /// - Returns: false where `body` has returned false. The simulation is then further than the last line
  ///   that `body` got, so it cannot go on without a gap.
  public mutating func runLines(until end: Int64?, _ body: (EventLine) throws -> Bool) rethrows
    -> Bool
  {
    var batch = LineBatch()
    while batch.fill(from: &self, until: end) {
      for index in batch.entries.indices {
        if try !batch.withLine(index, body) { return false }
      }
    }
    return true
  }
}

/// Simulates a shard on a thread of its own, a few batches ahead of the merge.
private struct ShardWorker {
  private static let batches = 4

  /// Batches with lines, in the order of time.
  let filled: BoundedQueue<LineBatch>
  /// Batches to be used again.
  private let empty: BoundedQueue<LineBatch>
  /// The shard's thread; its result is the number of sessions that the run's end cuts.
  let worker: Worker<Int>

  init(_ scenario: Scenario, _ shard: Shard) {
    let filled = BoundedQueue<LineBatch>(limit: Self.batches)
    let empty = BoundedQueue<LineBatch>(limit: Self.batches + 2)
    for _ in 0..<Self.batches { _ = empty.put(LineBatch()) }
    self.filled = filled
    self.empty = empty
    worker = Worker("simulate \(shard.index)") {
      defer { filled.close() }
      var simulation = Simulation(scenario, shard: shard)
      while var batch = empty.take(), batch.fill(from: &simulation, until: nil) {
        if !filled.put(batch) { break }
      }
      return simulation.sessionsUnderWay
    }
  }

  func giveBack(_ batch: LineBatch) { _ = empty.put(batch) }

  /// Makes the thread end at its next batch.
  func close() {
    filled.close(discarding: true)
    empty.close(discarding: true)
  }
}

/// The lines of several shards in one order.
private struct LineMerge {
  /// The batch that a shard's next line is in.
  private struct Head {
    var shard: ShardWorker
    var batch: LineBatch
    var position = 0
    /// Time and user number of the next line, which place it in the order of all lines.
    var ts: Int64 = 0
    var number: Int32 = 0

    init(_ shard: ShardWorker, _ batch: LineBatch) {
      self.shard = shard
      self.batch = batch
      readKey()
    }

    mutating func readKey() {
      ts = batch.entries[position].header.ts
      number = batch.entries[position].header.number
    }

    /// - Returns: false at the end of the shard.
    mutating func advance() -> Bool {
      position += 1
      if position == batch.entries.count {
        var done = LineBatch()
        swap(&done, &batch)
        shard.giveBack(done)
        guard let next = shard.filled.take() else { return false }
        batch = next
        position = 0
      }
      readKey()
      return true
    }
  }

  private var heads: [Head]

  init(_ shards: [ShardWorker]) {
    heads = shards.compactMap { shard in shard.filled.take().map { Head(shard, $0) } }
  }

  /// - Returns: false where `body` has returned false.
  mutating func run(_ body: (EventLine) throws -> Bool) rethrows -> Bool {
    while !heads.isEmpty {
      var first = 0
      for index in heads.indices.dropFirst() {
        let (a, b) = (heads[index].ts, heads[first].ts)
        // No two heads have the same user number, since a user is in one shard only.
        if a < b || (a == b && heads[index].number < heads[first].number) { first = index }
      }
      let goesOn = try heads[first].batch.withLine(heads[first].position, body)
      guard goesOn else { return false }
      if !heads[first].advance() { heads.remove(at: first) }
    }
    return true
  }
}
