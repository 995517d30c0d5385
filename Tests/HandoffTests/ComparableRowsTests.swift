import TestKit
import Testing
import Warehouse

/// What the suites here compare warehouses by.
@Suite struct ComparableRowsTests {
  @Test func rowsAreTheSameInWhateverOrderAndDifferByAValueACountOrAName() throws {
    let database = try TestDatabase.make()
    let mine = try database.connect()
    let theirs = try database.connect()
    func differences(_ a: String, _ b: String) throws -> [String] {
      try mine.script("drop table if exists pg_temp.t; create temp table t as \(a)")
      try theirs.script("drop table if exists pg_temp.t; create temp table t as \(b)")
      return try ComparableRows.differences("t", query: "select * from t", mine, theirs)
    }
    let rows = "values (1, 'x'), (2, null), (2, 'y')"
    #expect(try differences(rows, "values (2, 'y'), (1, 'x'), (2, null)") == [])
    #expect(try differences("select 1 as a where false", "select 2 as a where false") == [])
    for other in [
      "values (1, 'x'), (2, null), (2, 'z')", "values (1, 'x'), (2, ''), (2, 'y')",
      "values (1, 'x'), (2, null)", "values (1, 'x'), (1, 'x'), (2, 'y')",
      "select column1 as a, column2 from (\(rows)) as r",
    ] {
      #expect(try !differences(rows, other).isEmpty, "\(other)")
    }
  }
}
