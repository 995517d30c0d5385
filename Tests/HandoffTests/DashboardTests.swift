import BatchTestKit
import Foundation
import LayerTestKit
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// Whoever has a dashboard over the tables that `dashboard` stands in for points it here, and changes nothing.
@Suite struct DashboardTests {
  private static let reference = "\(Program.packageRoot)/Tests/Reference/dashboard-queries.md"

  /// The queries, word for word, by number.
  private func queries() throws -> [String: String] {
    let text = try String(contentsOfFile: Self.reference, encoding: .utf8)
    var queries: [String: String] = [:]
    for match in text.matches(of: /## (?<number>\d\.\d) [^\n]*\n\n```sql\n(?<sql>[^`]*)```/) {
      queries[String(match.number)] = String(match.sql)
    }
    #expect(queries.count == 19)
    return queries
  }

  /// A day and a little of the site's life, up to now.
  private func untilNow(_ seed: UInt64) throws -> [LoggedRecord] {
    let days = 1.1
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    return try simulated(
      seed: seed, users: 200, days: days, from: now - Int64(days * Double(dayMs)))
  }

  /// A session as a BI tool has it.
  private func dashboard(_ layers: Layers) throws -> Connection {
    let connection = try layers.connect()
    try connection.becomeReader()
    try connection.script("set search_path = dashboard")
    return connection
  }

  /// The rows of an answer. Numbers are rounded to nine digits, as means depend on the order of what they are of.
  private func answer(_ sql: String, _ connection: Connection) throws -> [[String]] {
    let rows = try connection.run(sql)
    return (0..<rows.count).map { row in
      rows.columns.indices.map { column in
        guard let text = rows.textOrNull(row, column) else { return "null" }
        return Double(text).map { String(format: "%.9g", $0) } ?? text
      }
    }
  }

  private func answers(_ connection: Connection) throws -> [String: Set<[String]>] {
    try queries().mapValues { Set(try answer($0, connection)) }
  }

  @Test func everyQueryAnswersAsServingDoes() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try untilNow(seed)
    let layers = try Layers()
    // What the last hour asks for is in both layers.
    let lastHour = records.last!.arrival - 3_600_000
    let loaded =
      records.count { $0.arrival < lastHour } + records.count { $0.arrival >= lastHour } / 2
    try layers.log.write(records[..<loaded])
    try layers.catchUp()
    try layers.load(.full)
    try layers.log.write(records[loaded...])
    try layers.catchUp()
    let connection = try dashboard(layers)
    // One snapshot and one time for the queries and what they are held against.
    try connection.script("begin isolation level repeatable read")
    for (number, sql) in try queries().sorted(by: { $0.key < $1.key }) {
      let found = try answer(sql, connection)
      #expect(!found.isEmpty, "\(number), seed \(seed)")
      let wanted = try answer(#require(DashboardOracle.answers[number]), connection)
      let strange = Set(found).subtracting(wanted)
      #expect(
        strange.isEmpty, "\(number), seed \(seed): \(strange.sorted { $0[0] < $1[0] }.prefix(3))")
      switch number {
      case "2.1", "2.4", "4.2":
        // Which of those with the same number are in the list is anybody's guess.
        let greatest = wanted.compactMap { Double($0[1]) }.sorted(by: >).prefix(10)
        #expect(found.compactMap { Double($0[1]) } == Array(greatest), "\(number), seed \(seed)")
      case "4.3":
        func sums(_ rows: [[String]]) -> [Double] {
          Dictionary(grouping: rows.filter { $0[1] != "null" }, by: { $0[1] })
            .values.map { $0.compactMap { Double($0[2]) }.reduce(0, +) }.sorted(by: >)
        }
        #expect(sums(found) == Array(sums(wanted).prefix(5)), "\(number), seed \(seed)")
      default: #expect(found.count == wanted.count, "\(number), seed \(seed)")
      }
    }
  }

  @Test func noAnswerChangesWhileLoadsPublish() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try untilNow(seed)
    let layers = try Layers()
    try layers.log.write(records[..<(records.count / 2)])
    try layers.load(.full)
    try layers.log.write(records[(records.count / 2)...])
    try layers.catchUp()
    let connection = try dashboard(layers)
    // The time stands still in a transaction; each statement sees what is published by then.
    try connection.script("begin")
    let before = try answers(connection)
    let loads = Worker("test-load") {
      try layers.load(.incremental)
      try layers.load(.full)
    }
    var looks = 0
    repeat {
      for (number, found) in try lookThenRest({ try answers(connection) }) {
        #expect(found == before[number], "\(number), look \(looks), seed \(seed)")
      }
      looks += 1
    } while !loads.isFinished
    try loads.wait()
    for (number, found) in try answers(connection) {
      #expect(found == before[number], "\(number) after the loads, seed \(seed)")
    }
    #expect(looks > 1)
  }

  @Test func allTablesSayTheSameTotalAtEveryInstant() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try untilNow(seed)
    let layers = try Layers()
    let stop = StopToken()
    let speed = layers.startSpeed(stop)
    let writer = Worker("test-writer") {
      for start in stride(from: 0, to: records.count, by: 500) {
        try layers.log.write(records[start..<min(start + 500, records.count)])
        usleep(20_000)
      }
    }
    let reader = Worker("test-dashboard") {
      let connection = try self.dashboard(layers)
      let totals = ["user_engagement", "content_performance", "device", "location", "hourly"]
        .map { "(select coalesce(sum(stream_count), 0)::bigint from \($0)_metrics)" }
        .joined(separator: ", ")
      var last: Int64 = 0
      var looks = 0
      var violations: [String] = []
      while !stop.isRequested {
        let rows = try connection.run("select \(totals)")
        let found = try rows.columns.indices.map { try rows.int(0, $0) }
        if Set(found).count > 1 || found[0] < last { violations.append("\(found) after \(last)") }
        last = found[0]
        _ = try lookThenRest { try self.answers(connection) }
        looks += 1
      }
      return (looks, last, violations)
    }
    var loads = 0
    while !writer.isFinished || loads < 2 {
      // Minutes that are shown are given up.
      try layers.load(loads == 1 ? .full : .incremental, minuteRetention: 7200)
      loads += 1
    }
    try writer.wait()
    #expect(try layers.awaitSpeed())
    let listens = try layers.connect().run(
      "select sum(listens)::bigint from serving.minute_totals"
    ).int(0, 0)
    Thread.sleep(forTimeInterval: 0.5)
    stop.request()
    let (looks, last, violations) = try reader.wait()
    try speed.wait()
    #expect(violations.isEmpty, "\(violations.prefix(3)), seed \(seed)")
    #expect(looks > 2 && last == listens, "seed \(seed)")
  }
}
