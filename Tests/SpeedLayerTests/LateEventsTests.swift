import EventModel
import Foundation
import LayerTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import SpeedLayer

/// Events that come later than allowed, for the first time and as redeliveries.
@Suite struct LateEventsTests {
  private func view(item: Int64, atMinute minute: Int64) -> LoggedRecord {
    var event = Event(topic: .pageView)
    event.ts = monday + minute * 60_000
    event.userId = 1
    event.sessionId = 1
    event.itemInSession = item
    let page: StaticString = "Home"
    event.page = ByteSlice(start: page.utf8Start, count: page.utf8CodeUnitCount)
    return LoggedRecord(event)
  }

  @Test func aLateEventThatComesAgainBeforeItsFlushIsCommittedCountsOnce() throws {
    let database = try TestDatabase.make()
    let log = try TestLog(.directory, partitions: 1)
    var configuration = SpeedWorker.Configuration(databaseURL: database.url)
    configuration.presentSeconds = .infinity
    configuration.flushInterval = 0.02
    let stop = StopToken()
    let speed = Worker("test-speed") { [configuration, library = try SQLLibrary()] in
      try SpeedWorker(log: log.log, library: library, configuration: configuration).run(stop: stop)
    }
    defer { stop.request() }
    let connection = try database.connect()
    func views() throws -> Int64 {
      try connection.run(
        "select coalesce(sum(page_views), 0)::bigint from serving.minute_totals"
      ).int(0, 0)
    }
    var records = (0..<200).map { view(item: $0, atMinute: $0) }
    try log.write(records)
    #expect(try eventually(within: 60) { try views() == 200 })

    // While this transaction is open no flush can commit.
    let blocker = try database.connect()
    try blocker.script("begin; select from speed.current_epoch for update")
    let late = view(item: 1000, atMinute: 3)
    /// Returns when the worker has settled what was written.
    func writeAndAwait(_ record: LoggedRecord) throws {
      let before = try connection.run("select clock_timestamp()::text").text(0, 0)
      records.append(record)
      try log.write([record])
      #expect(
        try eventually(within: 60) {
          try !connection.run(
            """
            select from pg_stat_activity
            where datname = current_database() and application_name ~ '^polyrhythm speed .worker'
              and query_start > $1::timestamptz and state = 'idle'
            """, [.text(before)]
          ).isEmpty
        })
    }
    try writeAndAwait(late)
    try writeAndAwait(late)
    try blocker.script("rollback")
    try log.write([view(item: 200, atMinute: 200)])
    #expect(
      try eventually(within: 60) {
        try connection.run("select 1 from speed.progress where next_offset = 203").count == 1
      })
    stop.request()
    try speed.wait()
    #expect(try views() == 202)
  }
}
