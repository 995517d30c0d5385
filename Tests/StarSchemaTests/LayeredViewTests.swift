import Metrics
import TestKit
import Testing
import Warehouse

@testable import StarSchema

/// The views that merge both layers are written out in the migrations; `queries/rollup` has their one form.
@Suite struct LayeredViewTests {
  private static let database = Result { try TestDatabase.make() }

  /// Nil where there is no such view.
  private func definition(_ view: String, _ connection: Connection) throws -> String? {
    let rows = try connection.run("select pg_get_viewdef(to_regclass($1))", [.text(view)])
    return rows.textOrNull(0, 0)
  }

  /// The values and lists of a template that the view of this table is made from.
  private func text(_ template: String, _ table: RollupTable) throws -> String {
    var lists = RollupRows.lists(table)
    var values = ["table": table.name]
    switch template {
    case "layers":
      values["rung"] = table.rung.rawValue
      values["minute_table"] = table.rollup.table(.minute).name
      lists["rest"] = Array(RollupRows.columns(table).dropFirst())
    case "layers_coarse":
      values["rung"] = table.rung.rawValue
      values["rollup"] = table.rollup.name
      lists["rest"] = Array(RollupRows.columns(table).dropFirst())
    case "view": values["rung"] = table.rung.rawValue
    case "past":
      values["source"] =
        switch table.rollup {
        case .song, .audience, .page: "\(table.rollup)_event"
        default: "event"
        }
    default: break
    }
    return try SQLLibrary().sql("rollup/\(template)", values, lists: lists)
  }

  @Test(arguments: RollupTable.all)
  func theMigratedViewsAreTheTemplates(table: RollupTable) throws {
    let connection = try Self.database.get().connect()
    let isWhole = table.rung != .minute || table.rollup.keepsAllMinutes
    for (template, view) in [
      (
        table.rung != .minute ? "layers_coarse" : isWhole ? "layers" : "layers_kept",
        "layers.\(table.name)"
      ),
      ("view", "serving.\(table.name)"), (isWhole ? "" : "past", "layers.past_\(table.name)"),
    ] where !template.isEmpty {
      let migrated = try definition(view, connection)
      let text = try text(template, table)
      try connection.run("begin")
      let drop = "drop view if exists \(view) cascade"
      try connection.run(drop)
      // Fails where a table lacks a column.
      let isMade = (try? connection.run(text)) != nil
      let rendered = isMade ? try definition(view, connection) : nil
      try connection.run("rollback")
      #expect(
        migrated != nil && migrated == rendered, "put into a migration:\n\(drop);\n\(text);")
    }
  }

  /// What a reader sees of a rollup is said in one place: nothing else compares an epoch with the loaded one
  /// to choose rows.
  @Test func onlyTheLayeredViewsChooseEpochs() throws {
    let rule = "epoch > (select loaded_epoch"
    var places: [String] = []
    for (folder, ending) in [("warehouse-sql/queries", ".sql"), ("Sources", ".swift")] {
      for (path, text) in try SourceTree.files(below: folder, ending: ending)
      where text.contains(rule) { places.append(path) }
    }
    #expect(
      places.sorted()
        == ["layers", "layers_kept", "past"].map { "warehouse-sql/queries/rollup/\($0).sql" }
        // What would be seen of a build that waits.
        + ["warehouse-sql/queries/shadow/compare_days.sql"])
  }
}
