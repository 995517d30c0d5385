import EventLog
import EventModel
import Feed
import Metrics
import StarSchema
import Support
import Warehouse

/// Computes everything below the published cut once more, from the lake's records alone, and compares it
/// with what is published: all facts, and every counter and sketch of every rollup, both ways.
///
/// The recomputation does what a full load does, into the schema `stage`, but publishes nothing and drops its
/// tables at the end. It costs about a full load's time and room. Loads have precedence: while a load is
/// running the recomputation does not begin, and a load that begins ends the recomputation.
public struct LakeRecomputation {
  private static let fullDay: Int64 = 86_400_000

  private let lake: any EventLog
  private let library: SQLLibrary
  private let configuration: BatchLoader.Configuration
  private let progress: @Sendable (_ read: Int, _ total: Int) -> Void

  /// - Parameters:
  ///   - lake: the lake that the loads read.
  ///   - configuration: that of the loads, as another lateness gives other numbers.
  ///   - progress: called now and then with the number of records read so far, and of all to be read.
  public init(
    lake: any EventLog, library: SQLLibrary, configuration: BatchLoader.Configuration,
    progress: @escaping @Sendable (_ read: Int, _ total: Int) -> Void = { _, _ in }
  ) {
    self.lake = lake
    self.library = library
    self.configuration = configuration
    self.progress = progress
  }

  /// - Returns: a finding for each table that differs; empty where none does, or where nothing was ever
  ///   published.
  /// - Throws: `LoadError`: `.busy` where a load is running or begins, `.lakeBehind` where the lake no longer
  ///   has the records below the cut, `.stopped`; and errors of the lake and of the server.
  public func run(stop: StopToken = StopToken()) throws -> [Checks.Finding] {
    // This session has the name of a load's session, so that a load that waits for the lock ends it.
    let control = try Connection(
      url: configuration.databaseURL, applicationName: "polyrhythm load check")
    let lock = LoadLock(
      connection: control, library: library, databaseURL: configuration.databaseURL)
    try lock.take(stop)
    defer {
      try? Stage.empty(control, library)
      lock.release()
    }
    do {
      return try run(control, stop)
    } catch let error as WarehouseError where !control.isAlive || error.sqlState == "57P01" {
      throw LoadError(
        .busy,
        "A load began and took the stage, so the lake was not computed again: check again when it is "
          + "done (\(error.message))")
    }
  }

  private func run(_ control: Connection, _ stop: StopToken) throws -> [Checks.Finding] {
    try Stage.empty(control, library)
    let starts = try Self.starts(lake, control, library)
    guard !starts.isEmpty else { return [] }
    // Run 0 is free, as loads count from 1.
    let stage = try Stage(
      LoadNumbers(run: 0, build: BuildTables.published(control, library), isFull: false),
      configuration: configuration, library: library,
      minutesFrom: MinuteRetention.published(control, library).bound.map(Rung.hour.start),
      keepsMembers: false)
    defer { stage.writer.abandon() }
    try compute(stage, starts, control, stop)
    return try compareFacts(stage, control) + compareRollups(stage, control)
  }

  /// Everything from the lake's first record to the published cut.
  static func starts(
    _ lake: any EventLog, _ control: Connection, _ library: SQLLibrary
  ) throws -> [KernelFeed.Start] {
    let rows = try control.run(library.sql("batch/read_progress"))
    var starts: [KernelFeed.Start] = []
    for row in 0..<rows.count {
      let source = try rows.source(row)
      let next = try rows.int(row, 2)
      let isThere = try lake.partitionCount(of: source.topic) > Int(source.partition)
      let end = isThere ? try lake.endOffset(of: source) : 0
      guard end >= next else {
        throw LoadError(
          .lakeBehind,
          "\(lake.url): \(source) ends at offset \(end), but is loaded up to \(next); check "
            + "with the lake that was loaded")
      }
      guard isThere else { continue }
      let first = try lake.startOffset(of: source)
      starts.append(
        KernelFeed.Start(
          source: source, replay: ReplayPoint(offset: first, watermark: Watermark()), from: first,
          end: next))
    }
    return starts
  }

  private func compute(
    _ stage: Stage, _ starts: [KernelFeed.Start], _ control: Connection, _ stop: StopToken
  ) throws {
    let feed = try stage.feeds(of: lake, starts, configuration.kernel)
    try feed.replay(isStopped: { stop.isRequested })
    try stage.read(
      feed, starts, configuration,
      check: {
        guard !stop.isRequested else {
          throw LoadError(.stopped, "The check was stopped before the lake was computed again")
        }
      },
      progress: progress,
      behind: { left in
        "\(lake.url) gave nothing in \(Int(configuration.lakePatience)) s, \(left) records "
          + "before the published cut"
      })
    feed.reportOpenPlays()
    try stage.commit(feed)
    try stage.settleDeferred(feed, control)
  }

  // MARK: Comparison

  private func compareFacts(_ stage: Stage, _ control: Connection) throws -> [Checks.Finding] {
    var findings: [Checks.Finding] = []
    for fact in FactTable.allCases {
      var days = Set(stage.facts.parts.filter { $0.fact == fact }.map(\.day))
      // Plays stand for page views.
      for stored in fact == .pageView ? [fact, .listen] : [fact] {
        let published = try control.run(library.sql("check/fact_days"), [.text(stored.name)])
        for row in 0..<published.count {
          days.insert(CalendarDay(number: Int32(try published.int(row, 0))))
        }
      }
      var rows = 0
      var examples: [String] = []
      for day in days.sorted() {
        let table = stage.facts.table(FactWriter.Part(fact: fact, day: day))
        if !stage.writer.made.contains(table.name) {
          try table.make(control, library)
        }
        let start = Int64(day.number) * Self.fullDay
        if fact == .pageView, stage.facts.creditSpan != nil {
          _ = try control.run(
            library.sql(
              "batch/move_credits",
              ["changes": "stage.\(stage.facts.creditTable.name)", "fact": "stage.\(table.name)"]),
            [.timestamp(milliseconds: start), .timestamp(milliseconds: start + Self.fullDay)])
        }
        let found = try control.run(
          library.sql(
            "check/compare_fact", ["table": table.name, "fact": fact.name],
            lists: ["columns": fact.columns]),
          [.timestamp(milliseconds: start), .timestamp(milliseconds: start + Self.fullDay)])
        rows += found.count
        examples += Checks.examples(of: found, atMost: 3 - examples.count)
      }
      if rows > 0 {
        findings.append(
          finding(fact.name, "the facts are those of the lake's records", rows, examples))
      }
    }
    return findings
  }

  private func compareRollups(_ stage: Stage, _ control: Connection) throws -> [Checks.Finding] {
    var findings: [Checks.Finding] = []
    for rollup in RollupTable.all {
      let tables = [stage.rollups.mainTable(rollup), stage.rollups.lateTable(rollup)]
      for table in tables where !stage.writer.made.contains(table.name) {
        try table.make(control, library)
      }
      let query = try control.run(
        library.sql("check/compare_rollup"),
        [.text(rollup.name)] + tables.map { .text("stage.\($0.name)") }
          + [.bool(rollup.rung == .minute && !rollup.rollup.keepsAllMinutes)]
      ).text(0, 0)
      let found = try control.run(query)
      guard found.count > 0 else { continue }
      findings.append(
        finding(
          rollup.name, "each counter and sketch is that of the lake's records", found.count,
          Checks.examples(of: found, atMost: 3)))
    }
    return findings
  }

  private func finding(
    _ table: String, _ rule: String, _ rows: Int, _ examples: [String]
  ) -> Checks.Finding {
    Checks.Finding(
      check: "lake_\(table)", isError: true, rule: rule, rows: rows, examples: examples)
  }
}
