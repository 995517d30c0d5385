import BatchLayer
import LayerTestKit
import Metrics
import StarSchema
import TestKit
import Testing
import Warehouse

extension Layers {
  /// A loader that writes rollup rows often, so that few records make many writes.
  /// - Parameters:
  ///   - patience: seconds without a new record after which the load gives up waiting for the lake.
  ///   - publishPauses: seconds between the attempts.
  ///   - ownDays: how many days get partitions of their own although they have few facts; nil: as many as the
  ///     server's lock table has room for.
  ///   - minuteRetention: seconds for which rollups keep minutes; nil: all.
  ///   - isShadow: whether a full load leaves its build for `load publish`.
  ///   - days: the days, counted from 1970-01-01, that a full load makes anew; nil: all.
  public func loader(
    patience: Double = 20,
    publishPauses: [Double] = [Double](repeating: 0.2, count: 50), ownDays: Int? = nil,
    minuteRetention: Double? = nil, isShadow: Bool = false, days: ClosedRange<Int32>? = nil,
    progress: @escaping @Sendable (_ read: Int, _ total: Int) -> Void = { _, _ in }
  ) -> BatchLoader {
    var configuration = BatchLoader.Configuration(databaseURL: database.url)
    configuration.lakePatience = patience
    configuration.rollupRows = 3000
    configuration.publishPauses = publishPauses
    configuration.ownDays = ownDays
    configuration.minuteRetention = minuteRetention
    configuration.isShadow = isShadow
    configuration.days = days
    return BatchLoader(
      lake: log.lake, library: library, configuration: configuration, progress: progress)
  }

  /// Brings the lake up to the log's end, and loads.
  @discardableResult
  public func load(_ kind: BatchLoader.Kind, minuteRetention: Double? = nil) throws
    -> BatchLoader.Summary
  {
    try log.archive()
    return try loader(minuteRetention: minuteRetention).load(kind)
  }

  /// Everything that two ways of loading the same log must agree on, beside the dimensions' members.
  private static let comparedTables: [(name: String, query: String)] =
    [
      ("user_level_history", "select * from warehouse.user_level_history"),
      (
        "quarantine",
        "select topic, partition, record_offset, reason, raw from warehouse.quarantine"
      ),
      ("progress", "select topic, partition, next_offset from batch.progress"),
    ]

  /// The differences between the two databases' warehouses, in words.
  /// - Parameter isTakenBack: whether this one has members and quarantined records of a load that was taken back, which
  ///   stay.
  public func differences(from other: Layers, isTakenBack: Bool = false) throws(WarehouseError)
    -> [String]
  {
    let mine = try connect()
    let theirs = try other.connect()
    var found: [String] = []
    var tables = Self.comparedTables
    for name in FactTable.allCases.map(\.qualifiedName)
      + RollupTable.all.map({ "batch.\($0.name)" })
      + RunningTable.all.filter({ $0.groups == nil }).map({ "batch.\($0.name)" })
    {
      tables.append((name, try mine.rowsWithoutLoad(of: name)))
    }
    for groups in GroupedDays.all {
      // Which song stands for an artist depends on the songs that each load has met.
      let columns = Rollup.song.counters.map(\.column) + Rollup.song.distincts.map(\.column)
      tables.append(
        (
          groups.name,
          "select day, label, \(columns.joined(separator: ", ")) from batch.\(groups.name)"
        ))
      tables.append(
        (
          "quarter_\(groups.attribute)",
          "select quarter, label, listens from batch.quarter_\(groups.attribute)"
        ))
    }
    if isTakenBack {
      tables.removeAll { $0.name == "quarantine" }
      tables.append(("users seen", Self.usersSeen))
    } else {
      tables += try mine.memberTables().map { ($0, "select * from warehouse.\($0)") }
    }
    for table in tables {
      found += try ComparableRows.differences(
        table.name, query: table.query, mine, theirs)
    }
    return found
  }

  private static let usersSeen = """
    select user_key, first_seen, last_seen, is_current
    from warehouse.dim_user
    where first_seen is not null or is_current
    """

  /// Expects that both databases' warehouses hold the same rows.
  public func expectSame(
    as other: Layers, _ when: String, isTakenBack: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws(WarehouseError) {
    let found = try differences(from: other, isTakenBack: isTakenBack)
    #expect(
      found.isEmpty, "\(when): \(found.joined(separator: "\n"))", sourceLocation: sourceLocation)
  }
}

extension Connection {
  /// How each run of a load ended, in order.
  public func loadStatuses() throws(WarehouseError) -> [String] {
    let rows = try run("select status from warehouse.load_run order by load_run_id")
    var statuses: [String] = []
    for row in 0..<rows.count { statuses.append(try rows.text(row, 0)) }
    return statuses
  }

  /// Tables that loads have staged and not taken away.
  public func stagedTables() throws(WarehouseError) -> Int64 {
    try run("select count(*) from pg_tables where schemaname = 'stage'").int(0, 0)
  }
}
