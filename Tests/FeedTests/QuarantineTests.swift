import EventLog
import EventModel
import Feed
import LayerTestKit
import Metrics
import TestKit
import Testing

/// What is no event, and offsets that have no record: all of the log is accounted for.
@Suite struct QuarantineTests {
  @Test func whatIsNoEventIsPutAsideWithItsPlaceReasonAndBytesAndNothingElseIs() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    var faults = Faults()
    faults.malformed = 0.1
    let records = try simulated(seed: seed, users: 40, faults: faults)
    let log = MemoryLog(partitions: 3, readMax: 20)
    log.write(records) { random.chance(0.1) ? Int64.random(in: 1...4, using: &random) : 0 }
    let output = KernelOutput()
    let feed = try Committed().feed(log, partitions: 3, upToEnd: true, output)
    try feed.replay()
    var found: [QuarantinedRecord] = []
    while !feed.isFinished {
      _ = try feed.step(wait: false)
      found += feed.takeQuarantined()
    }
    #expect(feed.takeQuarantined().isEmpty)
    // By their bytes, which no event of the same topic has.
    let malformed = Dictionary(grouping: records.filter { $0.identity == nil }, by: \.topic)
      .mapValues { Set($0.map(\.payload)) }
    var expected: [TopicPartition: [Int64]] = [:]
    for partition in 0..<3 as Range<Int32> {
      for topic in Topic.allCases {
        let source = TopicPartition(topic.name, partition)
        let broken = malformed[topic] ?? []
        let offsets = log.records(of: source).filter { broken.contains($0.payload) }.map(\.offset)
        if !offsets.isEmpty { expected[source] = offsets }
      }
    }
    #expect(
      Dictionary(grouping: found, by: \.source).mapValues { $0.map(\.offset) } == expected,
      "seed \(seed)")
    for record in found {
      let logged = log.records(of: record.source).first { $0.offset == record.offset }
      #expect(logged?.payload == record.raw, "\(record.source) \(record.offset), seed \(seed)")
      #expect(!record.reason.isEmpty && !record.reason.contains("\n"), "seed \(seed)")
    }
    #expect(feed.counts.quarantined == found.count && found.count > 20, "seed \(seed)")
    #expect(feed.counts.records == records.count, "seed \(seed)")
  }

  @Test func everyOffsetIsARecordOrIsSaidToHaveNone() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let records = try simulated(seed: seed, users: 20)
    let log = MemoryLog(readMax: 10)
    log.write(records) { random.chance(0.2) ? Int64.random(in: 1...50, using: &random) : 0 }
    let outcome = try uninterrupted(log)
    let offsets = [listens, auths, pageViews].reduce(0) { $0 + log.endOffset(of: $1) }
    #expect(outcome.absent > 20 && outcome.records == records.count, "seed \(seed)")
    #expect(Int64(outcome.records + outcome.absent) == offsets, "seed \(seed)")
  }

  @Test func aRecordThatIsOnlyAnEventOfAnotherTopicIsPutAside() throws {
    let log = MemoryLog()
    // A listen has no page, and a page view must have one.
    let listen = try #require(
      simulated(seed: 1, users: 40, faults: nil).first { $0.topic == .listen })
    log.append(listen.payload, to: listens)
    log.append(listen.payload, to: pageViews)
    let outcome = try uninterrupted(log)
    #expect(outcome.listens == 1 && outcome.pageViews == 0)
    #expect(
      outcome.quarantined == [
        FeedOutcome.Aside(source: pageViews, offset: 0, raw: listen.payload)
      ])
  }
}
