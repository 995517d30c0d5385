/// A table of `batch` with the listens of a rollup's members as running totals: a row for each member and quarter of a
/// year, whose element n is the sum from the quarter's first day up to its n-th day. The listens of any days are
/// the difference of two elements, so that a top list over a year reads a few rows a member and not hundreds.
///
/// It says nothing that the days do not say, and has loaded rows only.
public struct RunningTable: Hashable, Sendable {
  /// Whose days are added up.
  public let rollup: Rollup
  /// The columns of the dimension table that name a member for people, in the order in which the column `label` is a hash
  /// of them. Members of one name are one line of a top list.
  public let names: [String]

  /// All of them: the rollups whose days are too many to be added up for each question.
  public static let all = [
    RunningTable(rollup: .song, names: ["title", "artist"]),
    RunningTable(rollup: .user, names: ["user_id"]),
  ]

  /// The name, which is the same in every schema.
  public var name: String { "quarter_\(rollup.name)" }

  /// The column with the member's key.
  public var key: String { "\(rollup.name)_key" }

  /// The running totals of a rollup; nil where there are none.
  public static func of(_ rollup: Rollup) -> RunningTable? { all.first { $0.rollup == rollup } }
}
