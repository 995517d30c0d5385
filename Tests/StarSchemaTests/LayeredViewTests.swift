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

  @Test(arguments: Rollup.allCases)
  func theMigratedViewsAreTheTemplates(rollup: Rollup) throws {
    let connection = try Self.database.get().connect()
    let library = try SQLLibrary()
    for (template, view) in [
      ("layers", "layers.\(rollup.table)"), ("view", "serving.\(rollup.table)"),
    ] {
      let migrated = try definition(view, connection)
      let text = try library.sql(
        "rollup/\(template)", ["table": rollup.table], lists: RollupRows.lists(rollup))
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
    #expect(places == ["warehouse-sql/queries/rollup/layers.sql"])
  }
}
