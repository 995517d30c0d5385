import EventGenerator
import EventModel
import Support

/// The records that the simulated site sends, topic by topic: the generator's events, of which some are on
/// purpose late, doubled or broken, or have a clock that is hours or years ahead.
struct Site {
  struct Record {
    var stream: PlainEvent.Stream
    var ts: Int64
    var user: Int64?
    var session: Int64
    var bytes: [UInt8]
  }

  private let seed: UInt64
  private var generation = 0
  /// The records that have not been sent yet, by topic, the next one last.
  private var queues: [[Record]] = [[], [], []]

  init(seed: UInt64) { self.seed = seed }

  /// 2026-01-05, milliseconds since 1970.
  private static let start: Int64 = 1_767_571_200_000
  private static let stretchMs = 12 * Self.hourMs
  private static let hourMs: Int64 = 3_600_000
  private static let yearMs: Int64 = 365 * 86_400_000

  /// Drops the records of all users so far, so that from now on only new users send events.
  mutating func replaceUsers() { queues = [[], [], []] }

  mutating func next(_ stream: PlainEvent.Stream, _ count: Int) throws -> [Record] {
    while queues[stream.rawValue].count < count { try generate() }
    let records = queues[stream.rawValue].suffix(count).reversed()
    queues[stream.rawValue].removeLast(count)
    return Array(records)
  }

  /// Adds half a day's records of 400 new users.
  private mutating func generate() throws {
    var overrides = GeneratorConfig.Overrides()
    overrides.users = 400
    overrides.seed = seed &+ UInt64(generation)
    overrides.start = Self.start + Int64(generation) * Self.stretchMs
    overrides.end = Self.start + Int64(generation + 1) * Self.stretchMs
    overrides.firstUserId = Int64(1 + generation * 10_000)
    let scenario = Scenario(try GeneratorConfig.standard(overrides))
    var plan = FaultPlan()
    plan.lateFraction = 0.01
    plan.lateBy = 1_800_000...18_000_000
    plan.duplicateFraction = 0.03
    plan.duplicateBy = 0...14_400_000
    plan.malformedFraction = 0.01
    plan.outOfOrderBy = 90_000
    var faults = FaultInjector(plan, seed: seed &+ UInt64(generation))
    var random = SplitMix64(seed: seed &+ UInt64(generation))
    generation += 1
    var fresh: [[Record]] = [[], [], []]
    func take(_ line: EventLine) -> Bool {
      guard let stream = PlainEvent.Stream(rawValue: Int(line.header.topic.rawValue)) else {
        return true
      }
      let header = line.header
      var record = Record(
        stream: stream, ts: header.ts, user: header.userId, session: header.sessionId,
        bytes: Array(line.bytes))
      fresh[stream.rawValue].append(record)
      if random.chance(0.003), !header.fault.isMalformed {
        let ahead =
          random.chance(0.5)
          ? Int64(1 + random.below(70)) * Self.yearMs : Int64(1 + random.below(14)) * Self.hourMs
        record.bytes = Self.withTime(record.bytes, header.ts + ahead)
        fresh[stream.rawValue].append(record)
      }
      return true
    }
    _ = try ParallelRun(scenario, threads: 1).run { faults.accept($0, take) }
    _ = faults.release(through: .max, take)
    for stream in PlainEvent.Stream.allCases {
      queues[stream.rawValue] = fresh[stream.rawValue].reversed() + queues[stream.rawValue]
    }
  }

  /// The same event with another time, which is what the generator's lines begin with.
  private static func withTime(_ bytes: [UInt8], _ ts: Int64) -> [UInt8] {
    guard let comma = bytes.firstIndex(of: UInt8(ascii: ",")) else { return bytes }
    return Array("{\"ts\":\(min(ts, 4_102_444_799_000))".utf8) + bytes[comma...]
  }
}
