/// A table of `batch` with the listens of a rollup's members, or of groups of them, as running totals: a row for each of them
/// and quarter of a year, whose element n is the sum from the quarter's first day up to its n-th. The listens of any
/// days are the difference of two elements, so that a top list over a year reads a few rows a member and not hundreds.
///
/// It says nothing that the days do not say, and has loaded rows only.
public struct RunningTable: Hashable, Sendable {
  /// Whose days are added up.
  public let rollup: Rollup
  /// The groups that have a row each; nil where each member has one.
  public let groups: GroupedDays?
  /// The columns of the dimension table that name a member or a group for people, in the order in which the column
  /// `label` is a hash of them. Members of one name are one line of a top list. Where a member's names are not its own
  /// (`Rollup.namedLater`) the label is the member's key.
  public let names: [String]

  private init(_ rollup: Rollup, groups: GroupedDays? = nil, names: [String]) {
    self.rollup = rollup
    self.groups = groups
    self.names = names
  }

  /// All of them: what has too many days to be added up for each question.
  public static let all =
    [
      RunningTable(.song, names: ["title", "artist"]),
      RunningTable(.user, names: ["user_id"]),
    ]
    + GroupedDays.all.map { RunningTable($0.rollup, groups: $0, names: [$0.attribute]) }

  /// The name, which is the same in every schema.
  public var name: String { "quarter_\(groups?.attribute ?? rollup.name)" }

  /// The column that tells the rows of a quarter apart.
  public var key: String { groups == nil ? "\(rollup.name)_key" : "label" }

  /// The running totals of a rollup's members; nil where there are none.
  public static func of(_ rollup: Rollup) -> RunningTable? {
    all.first { $0.rollup == rollup && $0.groups == nil }
  }

  /// The running totals of groups.
  public static func of(_ groups: GroupedDays) -> RunningTable? {
    all.first { $0.groups == groups }
  }
}
