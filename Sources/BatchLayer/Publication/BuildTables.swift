import Metrics
import StarSchema
import Warehouse

/// The tables of one build: the partitions of the tables in `builds` that have its rows. Names are without the schema,
/// which is `parts`.
struct BuildTables {
  let build: Int64

  func name(_ fact: FactTable) -> String { name(of: fact.name) }
  func name(_ table: RollupTable) -> String { name(of: table.name) }
  func name(_ table: GroupedDays) -> String { name(of: table.name) }
  func name(_ table: RunningTable) -> String { name(of: table.name) }

  /// The same, of a table of the schema `builds`.
  func name(of table: String) -> String { "\(table)_b\(build)" }

  /// Where the facts of a kind are: plays stand for page views.
  func places(_ fact: FactTable) -> [FactPlace] {
    let own = FactPlace("parts.\(name(fact))")
    return fact == .pageView ? [own, .pageViews(inPlays: "parts.\(name(.listen))")] : [own]
  }

  /// The number of the published build.
  static func published(_ connection: Connection, _ library: SQLLibrary) throws(WarehouseError)
    -> Int64
  {
    try connection.run(library.sql("batch/published_build")).int(0, 0)
  }
}

extension [FactPlace] {
  /// How many events are facts in these places: all of them, or those of a stretch of event time.
  func count(
    _ connection: Connection, _ library: SQLLibrary, from: SQLValue = .text("-infinity"),
    to: SQLValue = .text("infinity")
  ) throws(WarehouseError) -> Int64 {
    var events: Int64 = 0
    for place in self {
      let rows = try connection.run(
        library.sql("batch/count_facts", ["fact": place.table, "which": place.which]), [from, to])
      events += try rows.int(0, 0)
    }
    return events
  }
}

/// Which table of the schema `parts` has the facts of a day.
struct FactPartitions {
  let connection: Connection
  let library: SQLLibrary
  let build: Int64

  /// The partitions that there are; days with few facts share one.
  func present() throws(WarehouseError) -> [FactWriter.Part: String] {
    let rows = try connection.run(library.sql("batch/fact_partitions"), [.int(build)])
    var present: [FactWriter.Part: String] = [:]
    for row in 0..<rows.count {
      guard let fact = FactTable(rawValue: try rows.text(row, 0)) else { continue }
      let day = CalendarDay(number: Int32(try rows.int(row, 1)))
      present[FactWriter.Part(fact: fact, day: day)] = try rows.text(row, 2)
    }
    return present
  }

  /// Notes which tables have these days' facts.
  func record(_ tables: [FactWriter.Part: String]) throws(WarehouseError) {
    guard !tables.isEmpty else { return }
    let sorted = tables.sorted { $0.value < $1.value }
    _ = try connection.run(
      library.sql("batch/record_fact_partitions"),
      [
        .int(build), .textArray(sorted.map(\.key.fact.name)),
        .textArray(sorted.map { "\($0.key.day.key)" }), .textArray(sorted.map(\.value)),
      ])
  }

  /// The tables that those days stand in, by fact.
  /// - Parameter present: as `present()` has it.
  func trees(_ present: [FactWriter.Part: String]) throws(WarehouseError) -> [FactTable: FactTree] {
    var trees: [FactTable: FactTree] = [:]
    for fact in FactTable.allCases {
      let rows = try connection.run(
        library.sql("batch/fact_months"), [.text(BuildTables(build: build).name(fact))])
      var months: Set<CalendarMonth> = []
      var shared: [CalendarMonth?: String] = [:]
      for row in 0..<rows.count {
        let month = try rows.intOrNull(row, 0).map { CalendarMonth(key: Int32($0)) }
        if let month { months.insert(month) }
        shared[month] = rows.textOrNull(row, 1)
      }
      trees[fact] = FactTree(
        fact, build: build, schema: "parts", months: months,
        days: present.keys.filter { $0.fact == fact }.map(\.day), shared: shared)
    }
    return trees
  }

  /// The names of the partitions that days without one of their own share.
  func shared() throws(WarehouseError) -> [String] {
    try trees([:]).values.flatMap(\.shared.values).sorted()
  }
}
