import Synchronization
import TestKit
import Testing
import Warehouse

/// A database and a log, for the layers that a test runs between them. `SpeedTestKit` adds the speed layer,
/// `BatchTestKit` the batch layer.
public final class Layers: Sendable {
  public let database: TestDatabase
  public let log: TestLog
  public let library: SQLLibrary
  /// What `expectTruth` looks through. A session of its own for each look costs more than the look: all that the views are made
  /// of is read anew.
  private let looks = Mutex<Connection?>(nil)

  public init(_ kind: TestLog.Kind = .directory, partitions: Int = 2) throws {
    database = try TestDatabase.make()
    log = try TestLog(kind, partitions: partitions)
    library = try SQLLibrary()
  }

  /// Another database over the same log.
  public init(over log: TestLog) throws {
    database = try TestDatabase.make()
    self.log = log
    library = try SQLLibrary()
  }

  public func connect() throws(WarehouseError) -> Connection { try database.connect() }

  /// Expects that the merged view says what was written, minute by minute and counter by counter.
  public func expectTruth(
    _ truth: Truth, _ when: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try look { connection in
      try connection.minuteCounts("serving.minute_totals", LoggedRecord.counters)
    }
    var wrong: [String] = []
    for minute in Set(found.keys).union(truth.minutes.keys).sorted()
    where found[minute] != truth.minutes[minute] {
      wrong.append(
        "\(minute): \(found[minute] ?? []), but written were \(truth.minutes[minute] ?? [])")
    }
    let (listens, rows) = try look { connection in
      let plays = try connection.run(
        """
        select coalesce(sum(listens), 0)::bigint, (select count(*) from dashboard.stream_events)
        from serving.minute_totals
        """)
      return (try plays.int(0, 0), try plays.int(0, 1))
    }
    #expect(listens == rows, "\(when): plays one by one", sourceLocation: sourceLocation)
    let events = try look { connection in
      let events = try connection.run(
        """
        with event as (
          select page_views, logins, failed_logins from layers.event
          union all
          select page_views, logins, failed_logins from layers.live_event
        )
        select
          coalesce(sum(page_views), 0)::bigint,
          coalesce(sum(logins), 0)::bigint + coalesce(sum(failed_logins), 0)::bigint,
          (select count(page_views) from event),
          (select count(logins) + count(failed_logins) from event)
        from serving.minute_totals
        """)
      return try (0..<4).map { try events.int(0, $0) }
    }
    for column in 0..<2 {
      let (sum, rows) = (events[column], events[column + 2])
      #expect(
        sum == rows, "\(when): \(["page views", "logins"][column]) one by one",
        sourceLocation: sourceLocation)
    }
    let count = wrong.count
    #expect(count == 0, "\(when): minutes \(wrong.prefix(3))", sourceLocation: sourceLocation)
  }

  private func look<T: Sendable>(_ body: (Connection) throws -> T) throws -> T {
    try looks.withLock { kept in
      let connection = try kept ?? connect()
      kept = connection
      return try body(connection)
    }
  }

  /// Starts a reader that looks at the merged view over and over, until `expectContent`.
  public func startWatch() -> MergedViewWatch {
    MergedViewWatch(url: database.url) { [log] in
      LogFiles.Counts(
        listens: log.given(.listen), pageViews: log.given(.pageView), auths: log.given(.auth))
    }
  }
}

extension MergedViewWatch {
  /// Stops looking, and expects that sums never fell and were never above what was written.
  public func expectContent(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let findings = try finish()
    #expect(findings.looks > 3, sourceLocation: sourceLocation)
    #expect(
      findings.violations.isEmpty, "\(findings.violations.prefix(3))",
      sourceLocation: sourceLocation)
  }
}
