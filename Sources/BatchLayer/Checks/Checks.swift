import Warehouse

/// The audits of `warehouse-sql/checks`: each file is a query for the rows that break one rule. The file's
/// first line says how severe a breach is (`-- severity: error` or `-- severity: warning`), the second line
/// says what the rule is. A third line `-- on: check` keeps the check out of loads, which it would slow down;
/// a third line `-- in loads: warning` lets loads go on where the rule is broken.
/// `$1` and `$2` bound the event time looked at.
public struct Checks {
  /// A rule that is broken.
  public struct Finding: Sendable {
    /// The file's name without the suffix.
    public var check: String
    /// Whether the finding is an error. A load with an error is not published; a warning stops nothing.
    public var isError: Bool
    /// What should hold.
    public var rule: String
    /// How many rows break the rule (counted up to a limit of 1000).
    public var rows: Int
    /// The first of these rows, each as `column=value …`; at most three where the check is a file.
    public var examples: [String]
  }

  /// When checks run.
  public enum Occasion: Sendable {
    /// Inside the transaction that publishes a load: the checks that cost little.
    case load
    /// When somebody asks for them (`polyrhythm check`): all checks.
    case check
  }

  private static let limit = 1000

  private let library: SQLLibrary

  /// The checks of this library's directory.
  public init(library: SQLLibrary) { self.library = library }

  /// The names of all checks: the files' names without the suffix, sorted.
  public var names: [String] { library.names(in: "checks") }

  /// Runs the checks over event times in [`from`, `to`), milliseconds since 1970; nil is unbounded.
  /// - Returns: a finding for each rule that is broken; empty where all hold.
  /// - Throws: `.schema` for a file that does not begin as it must, and errors of the server.
  public func run(
    _ connection: Connection, from: Int64?, to: Int64?, on occasion: Occasion = .check
  ) throws(WarehouseError) -> [Finding] {
    // Each day's facts are a partition, and PostgreSQL then looks for duplicates day by day: a third of the time.
    try connection.script("set enable_partitionwise_aggregate = on")
    var findings: [Finding] = []
    for name in names {
      let text = try library.text(of: "checks/\(name).sql")
      let lines = text.split(separator: "\n", maxSplits: 2)
      guard lines.count == 3, lines[0].hasPrefix("-- severity: "), lines[1].hasPrefix("-- ") else {
        throw WarehouseError(
          .schema,
          "checks/\(name).sql does not begin with '-- severity: error|warning' and a line with its rule"
        )
      }
      if occasion == .load, lines[2].hasPrefix("-- on: check\n") { continue }
      let rows = try connection.run(
        "select * from (\(lines[2])) as broken limit \(Self.limit)",
        [
          from.map { .timestamp(milliseconds: $0) } ?? .text("-infinity"),
          to.map { .timestamp(milliseconds: $0) } ?? .text("infinity"),
        ])
      guard rows.count > 0 else { continue }
      findings.append(
        Finding(
          check: name,
          isError: lines[0].hasSuffix("error")
            && !(occasion == .load && lines[2].hasPrefix("-- in loads: warning\n")),
          rule: String(lines[1].dropFirst(3)),
          rows: rows.count, examples: Self.examples(of: rows, atMost: 3)))
    }
    return findings
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
