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
  /// lies between them: their minutes are copied, and the rules are asked of the copy. On most days of many it has only the facts that
  /// the load touches, and of rollups what the load changes (`AuditedDays`).
  /// - Returns: the rules that are broken, warnings all of them.
  /// - Throws: `LoadError.auditFailed` with each rule that is broken, and errors of the server.
  func run(_ staged: Staged) throws -> [Checks.Finding] {
    guard let touched = staged.touched, let first = touched.first, let last = touched.last else {
      return try run(staged.spans)
    }
    guard touched.count > Self.stretchesOneByOne else { return try run(touched) }
    let days = AuditedDays(staged, touched, connection, library)
    try days.note()
    let stretches = EventSpans.merged(touched, atMost: Self.stretchesAtMost)
    let copies = try copy(stretches, staged, days).merging(days.rollups()) { $1 }
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
    _ stretches: [ClosedRange<Int64>], _ staged: Staged, _ days: AuditedDays
  ) throws(WarehouseError) -> [String: String] {
    let tables = BuildTables(build: staged.build)
    let totals = Rollup.totals.table(.minute)
    let present = try FactPartitions(
      connection: connection, library: library, build: staged.build
    ).present()
    let touched = staged.touchedFacts
    var copies: [String: String] = [:]
    for fact in FactTable.allCases {
      let table = tables.name(fact)
      let days = touched.contains(fact) ? nil : days.whole
      try stage(table)
      try copy(stretches, of: fact, days, to: table, present)
      copies[fact.qualifiedName] = "pg_temp.audited_\(table)"
      if let own = fact.ownRows { copies[own] = copies[fact.qualifiedName] }
    }
    if let views = copies[FactTable.pageView.qualifiedName],
      let listens = copies[FactTable.listen.qualifiedName]
    {
      // It goes with the copies that it reads.
      let all = try library.sql("facts/page_views", ["views": views, "listens": listens])
      try connection.script("create temporary view audited_page_views as \(all)")
      copies[FactTable.pageView.qualifiedName] = "pg_temp.audited_page_views"
    }
    let table = tables.name(totals)
    try stage(table)
    _ = try connection.run(
      library.sql("batch/copy_audited", ["table": table]),
      [
        .intArray(stretches.map(\.lowerBound)),
        .intArray(stretches.map { $0.upperBound + 1 }),
      ])
    copies["batch.\(totals.name)"] = try days.totals(besides: touched)
    return copies
  }

  private func stage(_ table: String) throws(WarehouseError) {
    try connection.script(library.sql("batch/stage_audited", ["table": table]))
  }

  /// Copies the facts of these stretches, all in one script.
  /// - Parameter days: those that are copied; nil copies all.
  private func copy(
    _ stretches: [ClosedRange<Int64>], of fact: FactTable, _ days: Set<CalendarDay>?,
    to table: String, _ present: [FactWriter.Part: String]
  ) throws(WarehouseError) {
    var statements: [String] = []
    for (partition, piece) in pieces(of: stretches, fact, days, present) {
      // Stretches are of whole minutes.
      statements.append(
        try library.sql(
          "batch/copy_audited_facts",
          [
            "table": table, "partition": partition, "first": "\(piece.lowerBound / 1000)",
            "until": "\((piece.upperBound + 1) / 1000)",
          ], lists: ["columns": fact.storedColumns]))
    }
    if !statements.isEmpty { try connection.script(statements.joined(separator: ";\n")) }
  }

  /// The stretches by the partitions that have their facts: where all days are copied once for each partition, as many days may
  /// share one.
  private func pieces(
    of stretches: [ClosedRange<Int64>], _ fact: FactTable, _ days: Set<CalendarDay>?,
    _ present: [FactWriter.Part: String]
  ) -> [(partition: String, piece: ClosedRange<Int64>)] {
    var pieces: [(String, ClosedRange<Int64>)] = []
    for stretch in stretches {
      var ofPartitions: [String: ClosedRange<Int64>] = [:]
      for day in CalendarDay.days(of: stretch) {
        guard let partition = present[FactWriter.Part(fact: fact, day: day)] else { continue }
        let piece = stretch.clamped(to: day.milliseconds)
        if let days {
          if days.contains(day) { pieces.append((partition, piece)) }
        } else {
          let first = ofPartitions[partition]?.lowerBound ?? piece.lowerBound
          ofPartitions[partition] = first...piece.upperBound
        }
      }
      pieces += ofPartitions.map { ($0.key, $0.value) }
    }
    return pieces
  }
}
