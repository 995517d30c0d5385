import BatchTestKit
import EventModel
import Foundation
import LayerTestKit
import SpeedTestKit
import Support
import TestKit
import Testing

@testable import BatchLayer
@testable import SpeedLayer

/// Topics that lag each other by any amount: listens today, page views tomorrow, logins the day after.
@Suite struct TopicLagTests {
  private func records(_ seed: UInt64, days: Double = 2) throws -> [LoggedRecord] {
    try simulated(seed: seed, users: 30, days: days, faults: .withLateRepeats)
  }

  private func credits(_ layers: Layers, _ schema: String) throws -> Int64 {
    try layers.connect().run(
      "select coalesce(sum(adverts), 0)::bigint + coalesce(sum(thumbs_up), 0)::bigint "
        + "from \(schema).minute_song"
    ).int(0, 0)
  }

  @Test(arguments: [
    [Topic.listen, .pageView, .auth], [.pageView, .listen, .auth], [.auth, .pageView, .listen],
  ])
  func loadingOneTopicAfterTheOtherGivesTheRowsOfAFullLoad(_ order: [Topic]) throws {
    let records = try records(51)
    let pieces = try Layers()
    for topic in order {
      try pieces.log.write(records.filter { $0.topic == topic })
      try pieces.load(.incremental)
    }
    let whole = try Layers(over: pieces.log)
    try whole.load(.full)
    try pieces.expectSame(as: whole, "\(order)")
    #expect(try credits(whole, "batch") > 50)
  }

  @Test func anySplitOfTopicsThatLieApartGivesTheRowsOfAFullLoad() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let records = try records(seed, days: 3)
    var left = Topic.allCases.map { topic in records.filter { $0.topic == topic }[...] }
    let pieces = try Layers(partitions: 1)
    var loads = 0
    while left.contains(where: { !$0.isEmpty }) {
      let t = Int.random(in: 0..<3, using: &random)
      let count = min(left[t].count, Int.random(in: 1...1500, using: &random))
      try pieces.log.write(left[t].prefix(count))
      left[t] = left[t].dropFirst(count)
      if random.chance(0.4) { try pieces.catchUp() }
      if random.chance(0.4) {
        try pieces.load(.incremental)
        loads += 1
      }
    }
    try pieces.load(.incremental)
    let whole = try Layers(over: pieces.log)
    try whole.load(.full)
    try pieces.expectSame(as: whole, "seed \(seed), \(loads) loads")
  }

  @Test(arguments: [[Topic.listen, .pageView, .auth], [.pageView, .auth, .listen]])
  func theSpeedLayerCountsTopicsThatComeDaysApartAsALoadDoes(_ order: [Topic]) throws {
    let records = try records(52)
    let layers = try Layers(partitions: 1)
    for topic in order {
      try layers.log.write(records.filter { $0.topic == topic })
      try layers.catchUp()
    }
    let whole = try Layers(over: layers.log)
    try whole.load(.full)
    let found = try layers.speedDifferences(fromBatchOf: whole)
    #expect(found.isEmpty, "\(order): \(found.prefix(3))")
    #expect(try credits(layers, "serving") == credits(whole, "batch"))
  }

  @Test func aWorkerThatFollowsATopicDaysBehindStartsAgainFromFurtherBackAndCountsItRight() throws {
    let records = try records(53, days: 3)
    let layers = try Layers(partitions: 1)
    let stop = StopToken()
    let speed = layers.startSpeed(stop)
    try layers.log.write(records.filter { $0.topic == .listen })
    #expect(try layers.awaitSpeed())
    let views = records.filter { $0.topic != .listen }
    for start in stride(from: 0, to: views.count, by: 1 + views.count / 5) {
      try layers.log.write(views[start..<min(views.count, start + 1 + views.count / 5)])
      #expect(try layers.awaitSpeed())
    }
    stop.request()
    try speed.wait()
    let whole = try Layers(over: layers.log)
    try whole.load(.full)
    let found = try layers.speedDifferences(fromBatchOf: whole)
    #expect(found.isEmpty, "\(found.prefix(3))")
  }
}
