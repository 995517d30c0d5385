import TestKit
import Testing

/// Whoever opens the warehouse with a tool finds out from it what things are.
@Suite struct CommentTests {
  @Test func everyTableAndColumnThatPeopleReadIsExplained() throws {
    let database = try TestDatabase.make()
    let rows = try database.connect().run(
      """
      select n.nspname || '.' || c.relname || coalesce('.' || a.attname, '')
      from pg_class as c
      join pg_namespace as n on n.oid = c.relnamespace
      left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where n.nspname in ('serving', 'warehouse', 'batch', 'speed', 'mart', 'dashboard')
        and c.relkind in ('r', 'p', 'v')
        and (col_description(c.oid, a.attnum) is null or obj_description(c.oid, 'pg_class') is null)
      order by 1
      """)
    let found = try (0..<rows.count).map { try rows.text($0, 0) }
    #expect(found == [])
  }
}
