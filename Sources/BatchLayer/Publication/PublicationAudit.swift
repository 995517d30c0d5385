import Metrics
import StarSchema
import Warehouse

/// Audits what a load is about to publish, in the transaction that publishes it: rules are asked of exactly what readers
/// would see.
struct PublicationAudit {
  let connection: Connection
  let library: SQLLibrary

  /// How many stretches of time are audited one by one.
  private static let stretchesOneByOne = 4
  /// How many stretches are looked at alone at all. Where there are more, those that lie close together become one.
  private static let stretchesAtMost = 2000

  /// Audits the minutes that an incremental load touches. Late events lie far apart, and cost what they are and not what
  /// lies between them: their minutes are copied, and the rules are asked of the copy.
  /// - Returns: the rules that are broken, warnings all of them.
  /// - Throws: `LoadError.auditFailed` with each rule that is broken, and errors of the server.
  func run(_ staged: Staged) throws -> [Checks.Finding] {
    guard let touched = staged.touched, let first = touched.first, let last = touched.last else {
      return try run(staged.spans)
    }
    guard touched.count > Self.stretchesOneByOne else { return try run(touched) }
    let copies = try copy(EventSpans.merged(touched, atMost: Self.stretchesAtMost), staged.build)
    let findings = try Checks(library: library).run(
      connection, from: first.lowerBound, to: last.upperBound + 1, on: .load, renamed: copies)
    try LoadError.requireNoError(findings)
    return findings
  }

  /// Audits the minutes of these stretches of time, milliseconds since 1970; a whole range stands for all time.
  /// - Parameter names: the checks that are run; nil runs all.
  /// - Returns, throws: as `run(_:)` does.
  func run(_ spans: [ClosedRange<Int64>], only names: [String]? = nil) throws
    -> [Checks.Finding]
  {
    let minute: Int64 = 60_000
    let checks = Checks(library: library)
    var findings: [Checks.Finding] = []
    for span in spans {
      let isAll = span == Int64.min...Int64.max
      findings += try checks.run(
        connection, from: isAll ? nil : span.lowerBound / minute * minute,
        to: isAll ? nil : (span.upperBound / minute + 1) * minute, on: .load, only: names)
    }
    try LoadError.requireNoError(findings)
    return findings
  }

  /// Copies the facts and the totals of these stretches into tables that go with the transaction.
  /// - Returns: the copies' names by the names of the tables that they stand for.
  private func copy(
    _ stretches: [ClosedRange<Int64>], _ build: Int64
  ) throws(WarehouseError) -> [String: String] {
    let tables = BuildTables(build: build)
    let totals = Rollup.totals.table(.minute)
    var copies: [String: String] = [:]
    for fact in FactTable.allCases {
      let name = try copy(stretches, tables.name(fact), by: "ts", on: "date_key")
      copies[fact.qualifiedName] = name
      if let own = fact.ownRows { copies[own] = name }
    }
    if let views = copies[FactTable.pageView.qualifiedName],
      let listens = copies[FactTable.listen.qualifiedName]
    {
      // It goes with the copies that it reads.
      let all = try library.sql("facts/page_views", ["views": views, "listens": listens])
      try connection.script("create temporary view audited_page_views as \(all)")
      copies[FactTable.pageView.qualifiedName] = "pg_temp.audited_page_views"
    }
    copies["batch.\(totals.name)"] = try copy(
      stretches, tables.name(totals), by: totals.rung.column, on: "first_day")
    return copies
  }

  private func copy(
    _ stretches: [ClosedRange<Int64>], _ table: String, by time: String, on day: String
  ) throws(WarehouseError) -> String {
    try connection.script(library.sql("batch/stage_audited", ["table": table]))
    _ = try connection.run(
      library.sql("batch/copy_audited", ["table": table, "time": time, "day": day]),
      [
        .intArray(stretches.map(\.lowerBound)),
        .intArray(stretches.map { $0.upperBound + 1 }),
      ])
    return "pg_temp.audited_\(table)"
  }
}
