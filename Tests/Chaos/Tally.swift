/// Counts of the steps of a run, for the line that goes into docs/reliability.md.
struct Tally {
  var episodes = 0
  var kills = 0
  var freezes = 0
  var restarts = 0
  var backends = 0
  var loads = 0
  var endedLoads = 0
  /// The different endings of loads, as `kind/statement/answered`.
  var endings: Set<String> = []
  var publishedLoads = 0
  var settlings = 0
  var comparisons = 0
  var looks = 0
  var records: Int64 = 0

  static let heading =
    "| seeds | time | records | SIGKILL | SIGSTOP | pg_ctl -m immediate | killed backends | loads "
    + "(ended early, at different statements) | looks | quiescences compared before the next load | full = incremental |"

  func row(seeds: ClosedRange<UInt64>, seconds: Double) -> String {
    "| \(seeds.lowerBound) to \(seeds.upperBound) | \(Int(seconds)) s | \(records) | \(kills) | \(freezes) "
      + "| \(restarts) | \(backends) | \(loads) (\(endedLoads), \(endings.count)) | \(looks) "
      + "| \(settlings) | \(comparisons) |"
  }
}
