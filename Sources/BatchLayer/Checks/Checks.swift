import Warehouse

/// The audits of `warehouse-sql/checks`: each file is a query for the rows that break one rule. Its
/// first line says how severe that is (`-- severity: error` or `-- severity: warning`), its second
/// what the rule is; a third line `-- on: check` keeps it out of loads, which it would slow down, and
/// `-- in loads: warning` has loads go on where it is broken.
/// `$1` and `$2` bound the event time looked at.
public struct Checks {
  public struct Finding: Sendable {
    /// The file's name without the suffix.
    public var check: String
    public var isError: Bool
    /// What should hold.
    public var rule: String
    /// How many rows break it (counted up to a limit of 1000).
    public var rows: Int
    /// The first of them, `column=value …`.
    public var examples: [String]
  }

  /// When checks run.
  public enum Occasion: Sendable {
    /// Inside the transaction of a load that is about to be published: those that cost little.
    case load
    /// When somebody asks: all.
    case check
  }

  private static let limit = 1000

  private let library: SQLLibrary

  public init(library: SQLLibrary) { self.library = library }

  /// The names of all checks.
  public var names: [String] { library.names(in: "checks") }

  /// Runs the checks over event times in [`from`, `to`), milliseconds since 1970; nil is unbounded.
  public func run(
    _ connection: Connection, from: Int64?, to: Int64?, on occasion: Occasion = .check
  ) throws(WarehouseError) -> [Finding] {
    // Uniqueness of a day's facts is a matter of that day's partition: a third of the time.
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
