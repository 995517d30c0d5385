import Metrics
import StarSchema
import Warehouse

/// The audits of `warehouse-sql/checks`: each file is a query for the rows that break one rule. The file's
/// first line says how severe a breach is (`-- severity: error` or `-- severity: warning`), the second line
/// says what the rule is. Further lines may follow: `-- on: check` keeps the check out of loads, which it would slow
/// down, and `-- on: full load` out of those that add to what is there; `-- in loads: warning` lets loads go on where the rule is broken; `{sample}` in the query stands for the condition that takes
/// some of the sessions, which a large load looks at alone; `-- for each: rollup` makes one query for
/// each rollup of the text, as in `queries/rollup`. `$1` and `$2` bound the event time looked at.
public struct Checks: Sendable {
  /// A rule that is broken.
  public struct Finding: Sendable, CustomStringConvertible {
    /// The file's name without the suffix.
    public var check: String
    /// Whether the finding is an error. A load with an error is not published; a warning stops nothing.
    public var isError: Bool
    /// What should hold.
    public var rule: String
    /// How many rows break the rule (counted up to a limit of 1000 for each query).
    public var rows: Int
    /// The first of these rows, each as `column=value …`; at most three where the check is a file.
    public var examples: [String]

    /// One line for people.
    public var description: String {
      "check \(check) found \(rows) rows (\(rule)), the first: \(examples.first ?? "")"
    }
  }

  /// When checks run.
  public enum Occasion: Sendable {
    /// Inside the transaction that publishes a load: the checks that cost little.
    case load
    /// Over all that a full load has staged: these, and those that cost little beside it.
    case fullLoad
    /// When somebody asks for them (`polyrhythm check`): all checks.
    case check
  }

  private static let limit = 1000

  private let library: SQLLibrary

  /// The checks of this library's directory.
  public init(library: SQLLibrary) { self.library = library }

  /// The names of all checks: the files' names without the suffix, sorted.
  public var names: [String] { library.names(in: "checks") }

  /// Writes findings of a load beside its run.
  static func store(
    _ findings: [Finding], run: Int64, _ connection: Connection, _ library: SQLLibrary
  ) throws(WarehouseError) {
    for finding in findings {
      _ = try connection.run(
        library.sql("batch/add_check_result"),
        [
          .int(run), .text(finding.check), .bool(finding.isError), .text(finding.rule),
          .int(Int64(finding.rows)), .textArray(finding.examples),
        ])
    }
  }

  /// Whether a check reads any of these tables.
  /// - Parameter tables: with their schemas, as keys.
  /// - Throws: `.schema` where the check's file cannot be read.
  func reads(_ tables: [String: String], in name: String) throws(WarehouseError) -> Bool {
    let text = try library.text(of: "checks/\(name).sql")
    return tables.keys.contains { text.contains($0) }
  }

  /// How long a check takes, about: how many facts it reads. Those that take longest begin first, so that none of them is
  /// left at the end.
  func weight(_ name: String) throws(WarehouseError) -> Int {
    let text = try library.text(of: "checks/\(name).sql")
    return FactTable.allCases.count {
      text.contains($0.qualifiedName) || text.contains($0.ownRows ?? $0.qualifiedName)
    }
  }

  /// Runs the checks over event times in [`from`, `to`), milliseconds since 1970; nil is unbounded.
  /// - Parameters:
  ///   - names: the checks that are run; nil runs all.
  ///   - renamed: tables that are read in place of others, by these others' names, with their schemas.
  ///   - sixteenth: 0 to 15: rules that say so (`{sample}` in their query) are asked of one session in sixteen only, this
  ///     one of them; nil asks of all.
  /// - Returns: a finding for each rule that is broken; empty where all hold.
  /// - Throws: `.schema` for a file that does not begin as it must, and errors of the server.
  public func run(
    _ connection: Connection, from: Int64?, to: Int64?, on occasion: Occasion = .check,
    only names: [String]? = nil, renamed: [String: String] = [:], sixteenth: Int? = nil
  ) throws(WarehouseError) -> [Finding] {
    // Each day's facts are a partition, and PostgreSQL then looks for duplicates day by day: a third of the time.
    try connection.script("set enable_partitionwise_aggregate = on")
    // Of staged tables there are no statistics: PostgreSQL expects a few rows and sorts them, on the disk, where it could hash.
    if occasion == .fullLoad { try connection.script("set enable_sort = off") }
    let sample = sixteenth.map { "session_id & 15 = \($0)" } ?? "true"
    let replaced = renamed.merging(["{sample}": sample]) { $1 }
    var findings: [Finding] = []
    for name in names ?? self.names {
      let lines = try library.text(of: "checks/\(name).sql").split(separator: "\n")
      guard lines.count > 2, lines[0].hasPrefix("-- severity: "), lines[1].hasPrefix("-- ") else {
        throw WarehouseError(
          .schema,
          "checks/\(name).sql does not begin with '-- severity: error|warning' and a line with its rule"
        )
      }
      let options = lines.dropFirst(2).prefix { $0.hasPrefix("-- ") }
      if occasion != .check, options.contains("-- on: check") { continue }
      if occasion == .load, options.contains("-- on: full load") { continue }
      var finding = Finding(
        check: name,
        isError: lines[0].hasSuffix("error")
          && !(occasion != .check && options.contains("-- in loads: warning")),
        rule: String(lines[1].dropFirst(3)), rows: 0, examples: [])
      for query in try queries(name, forEachRollup: options.contains("-- for each: rollup")) {
        let rows = try connection.run(
          "select * from (\(rename(query, replaced))) as broken limit \(Self.limit)",
          [
            from.map { .timestamp(milliseconds: $0) } ?? .text("-infinity"),
            to.map { .timestamp(milliseconds: $0) } ?? .text("infinity"),
          ])
        finding.rows += rows.count
        finding.examples += Self.examples(of: rows, atMost: 3 - finding.examples.count)
      }
      if finding.rows > 0 { findings.append(finding) }
    }
    return findings
  }

  private func rename(_ query: String, _ renamed: [String: String]) -> String {
    renamed.reduce(query) { text, pair in
      text.split(separator: pair.key, omittingEmptySubsequences: false).joined(
        separator: pair.value)
    }
  }

  /// The check's queries. The time of a rollup's query is that of the rung which the check's name begins with.
  private func queries(_ name: String, forEachRollup: Bool) throws(WarehouseError) -> [String] {
    guard forEachRollup else { return [try library.text(of: "checks/\(name).sql")] }
    let rung = Rung.allCases.first { name.hasPrefix($0.rawValue) } ?? .minute
    var queries: [String] = []
    for rollup in Rollup.allCases {
      let lists = RollupRows.lists(rollup.table(rung))
      queries.append(
        try library.sql(name, ["rollup": rollup.name], lists: lists, in: "checks"))
    }
    return queries
  }

  /// The first rows, `column=value …`.
  static func examples(of rows: Rows, atMost limit: Int) -> [String] {
    (0..<max(0, min(rows.count, limit))).map { row in
      rows.columns.indices.map { column in
        "\(rows.columns[column])=\(rows.textOrNull(row, column) ?? "null")"
      }.joined(separator: " ")
    }
  }
}
