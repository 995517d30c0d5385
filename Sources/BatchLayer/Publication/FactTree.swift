import StarSchema
import Warehouse

/// The tables of a build's fact that days stand in: the whole, partitioned by `ts`, and in it the months that have a table,
/// partitioned by `date_key`, so that PostgreSQL leaves days out by either (docs/decisions/0040).
///
/// All days of a month stand in its table, or all beside the months' tables, in the whole: PostgreSQL takes no table for a month of
/// which it has rows elsewhere. What decides that is here, for loads of both kinds.
struct FactTree {
  let fact: FactTable
  let build: Int64
  /// The schema that has the tables.
  let schema: String
  /// The months that have a table.
  private(set) var months: Set<CalendarMonth>
  /// Months of which a day stands beside the months' tables.
  private let barred: Set<CalendarMonth>
  /// The days that have a place.
  private var days: Set<CalendarDay>
  /// The partitions, without the schema, that days without one of their own share: of each month's table that has one, and
  /// under nil that of the whole.
  private(set) var shared: [CalendarMonth?: String]

  /// - Parameter days: those that have a place: in the tables of `months`, or beside the months' tables.
  init(
    _ fact: FactTable, build: Int64, schema: String, months: Set<CalendarMonth> = [],
    days: some Sequence<CalendarDay>, shared: [CalendarMonth?: String] = [:]
  ) {
    self.fact = fact
    self.build = build
    self.schema = schema
    self.months = months
    self.days = Set(days)
    barred = Set(self.days.map(\.month)).subtracting(months)
    self.shared = shared
  }

  /// The month whose table takes a partition of this day; nil where the whole does.
  func month(forPartitionOf day: CalendarDay) -> CalendarMonth? {
    barred.contains(day.month) ? nil : day.month
  }

  /// The month to whose table PostgreSQL deals facts of this day; nil where that is the whole.
  func month(forFactsOf day: CalendarDay) -> CalendarMonth? {
    months.contains(day.month) ? day.month : nil
  }

  /// The partition that has this day's facts where it has none of its own; nil where there is none yet.
  func shared(for day: CalendarDay) -> String? { shared[month(forFactsOf: day)] }

  /// The table, with its schema, of which a partition that is there gets another number where this day gets one; nil where it
  /// comes last. PostgreSQL 15 goes by the old numbers in a statement that is planned before that and begins after, and leaves
  /// the last partition out.
  func renumbered(by day: CalendarDay) -> String? {
    let month = month(forFactsOf: day)
    let isLast = !days.contains { $0 > day && (month == nil || $0.month == month) }
    return isLast && shared[month] == nil ? nil : qualified(month)
  }

  /// The name, without the schema, of a month's table; of the whole for nil.
  func name(of month: CalendarMonth?) -> String {
    let whole = BuildTables(build: build).name(fact)
    return month.map { "\(whole)_\($0.key)" } ?? whole
  }

  /// Attaches a day's table, with the month's where that is the first of its days. Call it in a transaction.
  mutating func attach(
    _ table: String, as day: CalendarDay, _ connection: Connection, _ library: SQLLibrary
  ) throws(WarehouseError) {
    let table = "\(schema).\(table)"
    days.insert(day)
    func attachByTime(_ table: String, _ first: Int32, until: Int32) throws(WarehouseError) {
      try connection.script(
        library.sql(
          "batch/attach_day",
          [
            "parent": qualified(nil), "table": table, "day": "\(first)", "next_day": "\(until)",
          ]))
    }
    guard let month = month(forPartitionOf: day) else {
      return try attachByTime(table, day.key, until: day.next.key)
    }
    let isNew = !months.contains(month)
    let parent = qualified(month)
    if isNew {
      try connection.script(
        library.sql(
          "batch/make_month", ["month": parent, "fact": fact.name, "build": "\(build)"]))
    }
    try connection.script(
      library.sql(
        "batch/attach_day_to_month",
        [
          "month": parent, "table": table, "day": "\(day.key)", "beyond_day": "\(day.key + 1)",
        ]))
    guard isNew else { return }
    try attachByTime(parent, month.firstDayKey, until: month.next.firstDayKey)
    months.insert(month)
  }

  /// Makes the partition that days without one of their own share, of a month's table or, for nil, of the whole. Call it in
  /// a transaction.
  mutating func makeDefault(
    _ month: CalendarMonth?, _ connection: Connection, _ library: SQLLibrary
  ) throws(WarehouseError) {
    try connection.script(
      library.sql(
        "batch/attach_rare_fact",
        ["fact": fact.name, "build": "\(build)", "parent": qualified(month)]))
    shared[month] = "\(name(of: month))_rare"
  }

  private func qualified(_ month: CalendarMonth?) -> String { "\(schema).\(name(of: month))" }
}
