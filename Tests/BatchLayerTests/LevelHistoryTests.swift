import BatchTestKit
import EventModel
import LayerTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// The intervals of `user_level_history` and the states of `dim_user`, against a plain walk over each
/// user's events.
@Suite struct LevelHistoryTests {
  private struct Interval: Equatable, CustomStringConvertible {
    var level: String
    var from: Int64
    var to: Int64?
    var description: String { "\(level) \(from)-\(to.map(String.init) ?? "")" }
  }

  private struct State: Hashable {
    var user: Int64
    var level: String
  }

  private struct Step {
    var state: State
    var ts: Int64
  }

  private static func event(_ step: Step, item: Int64) -> LoggedRecord {
    var event = Event(topic: item % 5 == 0 ? .auth : .pageView)
    event.ts = step.ts
    event.sessionId = step.state.user * 1000
    event.itemInSession = item
    event.userId = step.state.user
    event.level = step.state.level == "paid" ? text("paid") : text("free")
    event.gender = text("F")
    if event.topic == .auth {
      event.success = true
    } else {
      event.page = text("Home")
    }
    return LoggedRecord(event)
  }

  private static func text(_ value: StaticString) -> ByteSlice {
    ByteSlice(start: value.utf8Start, count: value.utf8CodeUnitCount)
  }

  /// Users who change their plan every now and then, some within minutes.
  private static func steps(_ random: inout SeededRandom) -> [Step] {
    var steps: [Step] = []
    for user in Int64(1)...12 {
      var isPaid = random.chance(0.5)
      var ts = monday + Int64.random(in: 0..<dayMs, using: &random)
      // Most change often, some never do.
      let change = [0.0, 0.05, 0.4][Int(user % 3)]
      while ts < monday + 4 * dayMs {
        steps.append(Step(state: State(user: user, level: isPaid ? "paid" : "free"), ts: ts))
        let step = random.chance(0.5) ? 60_000 : 20 * 3_600_000
        ts += Int64.random(in: 1...Int64(step), using: &random)
        if random.chance(change) { isPaid.toggle() }
      }
    }
    return steps.sorted { $0.ts < $1.ts }
  }

  private static func intervals(_ steps: some Sequence<Step>) -> [Int64: [Interval]] {
    var result: [Int64: [Interval]] = [:]
    for step in steps.sorted(by: { $0.ts < $1.ts }) {
      var known = result[step.state.user] ?? []
      if let last = known.last {
        if last.level == step.state.level { continue }
        known[known.count - 1].to = step.ts
      }
      known.append(Interval(level: step.state.level, from: step.ts))
      result[step.state.user] = known
    }
    return result
  }

  private static func loadedIntervals(_ connection: Connection) throws -> [Int64: [Interval]] {
    let rows = try connection.run(
      "select user_id, level, valid_from, valid_to from warehouse.user_level_history order by 1, 3")
    var result: [Int64: [Interval]] = [:]
    for row in 0..<rows.count {
      result[try rows.int(row, 0), default: []].append(
        Interval(
          level: try rows.text(row, 1), from: try rows.timestampMilliseconds(row, 2),
          to: try rows.timestampMillisecondsOrNull(row, 3)))
    }
    return result
  }

  private static func expectStates(_ steps: [Step], _ connection: Connection, _ when: String) throws
  {
    var expected: [State: (first: Int64, last: Int64)] = [:]
    var current: [Int64: Step] = [:]
    for step in steps.sorted(by: { $0.ts < $1.ts }) {
      expected[step.state, default: (step.ts, step.ts)].last = step.ts
      current[step.state.user] = step
    }
    let rows = try connection.run(
      "select user_id, level, first_seen, last_seen, is_current from warehouse.dim_user "
        + "where user_id is not null and first_seen is not null")
    #expect(rows.count == expected.count, "\(when)")
    for row in 0..<rows.count {
      let state = State(user: try rows.int(row, 0), level: try rows.text(row, 1))
      #expect(try rows.timestampMilliseconds(row, 2) == expected[state]?.first, "\(when) \(state)")
      #expect(try rows.timestampMilliseconds(row, 3) == expected[state]?.last, "\(when) \(state)")
      #expect(
        try rows.bool(row, 4) == (current[state.user]?.state == state), "\(when) \(state)")
    }
  }

  /// No index tells the hours of days that share a partition: a year of a small site took a minute, as each hour of 683 read it.
  @Test func aPartitionThatDaysShareIsNotReadForEachHourInWhichAPlanMayHaveBegun() throws {
    var steps: [Step] = []
    for user in Int64(1)...20 {
      // One change back and forth in 24 days, each at hours of its own.
      let change = monday + user * 28 * 3_600_000
      for hour in Int64(0)..<576 where (hour + user) % 4 == 0 {
        let ts = monday + hour * 3_600_000 + user * 1000
        let isPaid = abs(ts - change) < 7_200_000
        steps.append(Step(state: State(user: user, level: isPaid ? "paid" : "free"), ts: ts))
      }
    }
    steps.sort { $0.ts < $1.ts }
    let layers = try Layers()
    try layers.log.write(steps.enumerated().map { Self.event($1, item: Int64($0)) })
    try layers.log.archive()
    _ = try layers.loader(ownDays: 0).load(.full)
    let connection = try layers.connect()
    #expect(try Self.loadedIntervals(connection) == Self.intervals(steps))
    // Sessions say what they have read when they end, those of the load thus before now or in a moment.
    let blocks = """
      select coalesce(sum(heap_blks_hit + heap_blks_read), 0)::bigint, sum(relpages)::bigint
      from pg_statio_user_tables as s
      join pg_class as c on c.oid = s.relid
      where s.relname ~ '^fact_.*_rare$'
      """
    var read: Int64 = 0
    var all: Int64 = 0
    #expect(
      try eventually(within: 60) {
        let rows = try connection.run(blocks)
        (read, all) = (try rows.int(0, 0), try rows.int(0, 1))
        return all > 20 && read > all
      })
    #expect(read < 40 * all, "\(read) blocks read of \(all)")
  }

  @Test func plansAndStatesAreThoseThatTheEventsShowHoweverTheyAreLoaded() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let steps = Self.steps(&random)
    var arriving = steps.enumerated().map { number, step in
      (step: step, record: Self.event(step, item: Int64(number)))
    }
    // A fifth comes late, by up to two days: a plan may be known before the one that it followed.
    for index in arriving.indices where random.chance(0.2) {
      arriving[index].record.arrival += Int64.random(in: 60_000...2 * dayMs, using: &random)
    }
    arriving.sort { $0.record.arrival < $1.record.arrival }
    let layers = try Layers()
    let connection = try layers.connect()
    var start = 0
    while start < arriving.count {
      let end = min(arriving.count, start + Int.random(in: 1...arriving.count / 6, using: &random))
      try layers.log.write(arriving[start..<end].map(\.record))
      try layers.load(.incremental)
      let loaded = arriving[..<end].map(\.step)
      let found = try Self.loadedIntervals(connection)
      for (user, expected) in Self.intervals(loaded) {
        #expect(found[user] == expected, "user \(user) after \(end) events, seed \(seed)")
      }
      #expect(found.count == Self.intervals(loaded).count)
      try Self.expectStates(loaded, connection, "after \(end) events, seed \(seed)")
      start = end
    }
    try layers.load(.full)
    #expect(try Self.loadedIntervals(connection) == Self.intervals(steps), "full, seed \(seed)")
    try Self.expectStates(steps, connection, "full, seed \(seed)")
    #expect(Self.intervals(steps).values.contains { $0.count > 4 })
  }
}
