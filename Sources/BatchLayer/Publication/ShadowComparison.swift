import Metrics
import StarSchema
import Support
import Warehouse

/// What would change for readers if the build that waits were published, in words.
public struct ShadowComparison {
  /// A line for each table whose number of rows differs, and one for each measure and day that does; one that says so where
  /// nothing differs.
  public let lines: [String]

  /// How many differences are told one by one.
  private static let told = 40

  /// - Throws: `LoadError.nothingToDo` where no build waits, and errors of the server.
  public init(_ connection: Connection, _ library: SQLLibrary) throws {
    guard let build = try ShadowBuild(connection: connection, library: library).waiting() else {
      throw LoadError.nothingWaits
    }
    var found: [String] = []
    func compare(_ table: String, _ now: Int64, _ then: Int64) {
      if now != then {
        found.append("\(table): \(now.grouped) rows, would be \(then.grouped)")
      }
    }
    for fact in FactTable.allCases {
      compare(
        fact.qualifiedName, try [FactPlace(fact.qualifiedName)].count(connection, library),
        try BuildTables(build: build.run).places(fact).count(connection, library))
    }
    for table in RollupTable.all {
      let name = "batch.\(table.name)"
      let rows = try connection.run(
        library.sql(
          "shadow/count_rows",
          ["table": name, "name": table.name, "time": table.rung.rawValue]),
        [.int(build.run), .bool(table.rung == .minute && !table.rollup.keepsAllMinutes)])
      compare(name, try rows.int(0, 0), try rows.int(0, 1))
    }
    let days = try connection.run(
      library.sql(
        "shadow/compare_days",
        lists: RollupRows.lists(Rollup.totals.table(.day)).filter { $0.key != "keys" }),
      [.int(build.run)])
    for row in 0..<days.count {
      found.append(
        "\(try days.text(row, 0)) \(try days.text(row, 1)): \(try days.int(row, 2).grouped), would be "
          + "\(try days.int(row, 3).grouped)")
    }
    var lines = Array(found.prefix(Self.told))
    if found.count > lines.count {
      lines.append("\(found.count - lines.count) more differences")
    }
    if found.isEmpty { lines = ["no table and no measure of any day would change"] }
    self.lines = lines
  }
}
