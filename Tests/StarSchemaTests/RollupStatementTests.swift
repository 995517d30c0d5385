import Metrics
import StarSchema
import TestKit
import Testing
import Warehouse

/// One statement an operation, for all rollups: what differs is which columns they have.
@Suite struct RollupStatementTests {
  private func words(_ text: String) -> String {
    text.split(separator: "\n").filter { !$0.hasPrefix("--") }.joined(separator: " ")
      .split(separator: " ").joined(separator: " ")
  }

  @Test func mergingPagesIsWrittenOut() throws {
    let sql = try SQLLibrary().sql(
      "rollup/merge_late", ["target": "batch.minute_page", "table": "staged"],
      lists: RollupRows.lists(Rollup.page.table(.minute)))
    #expect(
      words(sql)
        == words(
          """
          insert into batch.minute_page as t
            (minute, page, method, status, auth, level, build, load_run_id,
            page_views, errors, active_users, sessions)
          select
            minute, page, method, status, auth, level, min(build), max(load_run_id),
            nullif(sum(page_views), 0), nullif(sum(errors), 0),
            hll_union_agg(active_users), hll_union_agg(sessions)
          from stage.staged
          group by minute, page, method, status, auth, level
          on conflict (minute, page, method, status, auth, level) do update
          set
            load_run_id = excluded.load_run_id,
            page_views = nullif(coalesce(t.page_views, 0) + coalesce(excluded.page_views, 0), 0),
            errors = nullif(coalesce(t.errors, 0) + coalesce(excluded.errors, 0), 0),
            active_users = coalesce(hll_union(t.active_users, excluded.active_users), t.active_users, excluded.active_users),
            sessions = coalesce(hll_union(t.sessions, excluded.sessions), t.sessions, excluded.sessions)
          """))
  }

  @Test(arguments: RollupTable.all)
  func everyColumnOfARollupIsMergedAndFolded(_ table: RollupTable) throws {
    let library = try SQLLibrary()
    let lists = RollupRows.lists(table)
    let times = ["time": table.rung.column, "type": "date"]
    let merges = [
      try library.sql("rollup/merge_late", ["target": "a", "table": "b"], lists: lists),
      try library.sql(
        "rollup/merge", ["target": "a", "table": "b"].merging(times) { $1 }, lists: lists),
    ]
    let fold = try library.sql(
      "rollup/fold", ["table": "a", "hours": "b"],
      lists: lists.merging(["hour_keys": table.rollup.table(.hour).keyColumns]) { $1 })
    for column in RollupRows.columns(table).dropFirst(table.keyColumns.count) {
      #expect(merges.allSatisfy { $0.contains(" \(column) = ") }, "\(column)")
      #expect(fold.contains("(\(column))"), "\(column)")
    }
  }

  @Test func anItemThatIsNoPlainNameIsRefused() throws {
    #expect(throws: WarehouseError.self) {
      try SQLLibrary().sql(
        "rollup/index", ["table": "a"], lists: ["keys": ["minute); drop table x"]])
    }
    #expect(throws: WarehouseError.self) {
      try SQLLibrary().sql("rollup/stage", ["table": "a", "rollup": "b"], lists: ["keys": ["a"]])
    }
    #expect(throws: WarehouseError.self) { try SQLLibrary().sql("rollup/index", ["table": "a"]) }
  }
}
