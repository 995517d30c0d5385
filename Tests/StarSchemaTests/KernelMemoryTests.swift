import EventLog
import Metrics
import StarSchema
import TestKit
import Testing
import Warehouse

/// What the database keeps for the kernels comes back as it was given.
@Suite struct KernelMemoryTests {
  private let listens = TopicPartition("listen_events", 0)
  private let others = TopicPartition("listen_events", 1)

  private func memory(_ connection: Connection) throws -> KernelMemory {
    KernelMemory(connection: connection, library: try SQLLibrary())
  }

  /// A watermark after so many records, a minute apart.
  private func watermark(_ records: Int64, from start: Int64 = 1_772_409_600_000) -> Watermark {
    var mark = Watermark()
    for number in 0..<records { mark.observe(start + number * 60_000) }
    return mark
  }

  @Test func theLastPlaceBeforeATimeIsFoundWithItsWatermark() throws {
    let database = try TestDatabase.make()
    let memory = try memory(database.connect())
    let points = [10, 20, 30, 400].map { ReplayPoint(offset: $0, watermark: watermark($0)) }
    try memory.save([listens: Array(points[2...]) + points[..<2], others: [points[1]]])
    for (index, point) in points.enumerated() {
      let farthest = point.watermark.farthest
      let before = index > 0 ? points[index - 1] : nil
      #expect(try memory.replayPoint(listens, before: farthest) == before)
      #expect(try memory.replayPoint(listens, before: farthest + 1) == point)
    }
    #expect(try memory.replayPoint(listens, before: Int64.max) == points[3])
    #expect(try memory.replayPoint(others, before: Int64.max) == points[1])
    #expect(try memory.replayPoint(TopicPartition("auth_events", 0), before: Int64.max) == nil)
  }

  @Test func placesThatAreSavedAgainStay() throws {
    let database = try TestDatabase.make()
    let memory = try memory(database.connect())
    let first = ReplayPoint(offset: 10, watermark: watermark(10))
    let second = ReplayPoint(offset: 20, watermark: watermark(20))
    try memory.save([listens: [first, second]])
    try memory.save([listens: [first]])
    #expect(try memory.replayPoint(listens, before: Int64.max) == second)
    try memory.save([:])
    #expect(try memory.replayPoint(listens, before: Int64.max) == second)
  }

  @Test func aWatermarkThatIsNoneIsSaidAndNotTakenForOne() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    try connection.script(
      "insert into batch.replay_point values ('listen_events', 0, 5, 'yesterday', 1)")
    let error = #expect(throws: WarehouseError.self) {
      try memory(connection).replayPoint(listens, before: 10)
    }
    #expect(error?.code == .decoding)
  }

  @Test func whatWasCountedAheadIsReplacedByWhatIsGiven() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    let memory = try memory(connection)
    let event = CountedAhead(identity: .min, ts: 4_102_444_799_999)
    let second = CountedAhead(identity: .max, ts: 946_684_800_000)
    try memory.replaceAhead([listens: [event, second], others: [event]])
    #expect(try sorted(memory.readAhead()) == [listens: [event, second], others: [event]])
    try memory.replaceAhead([listens: [second]])
    #expect(try sorted(memory.readAhead()) == [listens: [second]])
    // What the speed layer has counted since, in its own table.
    try connection.script(
      "insert into speed.late_event values "
        + "(1, 'listen_events', 1, 7, '2026-03-02 00:00:00.001Z', true)")
    let late = CountedAhead(identity: 7, ts: 1_772_409_600_001)
    #expect(
      try sorted(memory.readAhead(sinceLoads: true)) == [listens: [second], others: [late]])
    #expect(try sorted(memory.readAhead()) == [listens: [second]])
    try memory.replaceAhead([:])
    #expect(try memory.readAhead().isEmpty)
  }

  private func sorted(_ ahead: [TopicPartition: [CountedAhead]]) -> [TopicPartition: [CountedAhead]]
  {
    ahead.mapValues { $0.sorted { $0.identity < $1.identity } }
  }
}
