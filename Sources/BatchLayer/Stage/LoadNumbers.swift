/// What every row that a load writes says: which load it is from, and which build it belongs to.
struct LoadNumbers: Sendable {
  /// The load's row in `warehouse.load_run`.
  var run: Int64
  /// The full load that has made, or makes, the build.
  var build: Int64
  /// Whether the rows are a build of their own.
  var isFull: Bool
  /// The days of which rows are written; nil: all.
  var days: ClosedRange<CalendarDay>?

  func covers(_ day: CalendarDay) -> Bool { days?.contains(day) ?? true }

  /// The values of a query that makes a staged table.
  func values(_ others: [String: String]) -> [String: String] {
    others.merging(["run": "\(run)", "build": "\(build)"]) { given, _ in given }
  }
}
