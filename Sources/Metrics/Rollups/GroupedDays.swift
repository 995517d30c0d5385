/// A table of `batch` with the days of a rollup, added up for each group of its members: a row for each day and group. An
/// artist has some sixty songs, so that a list of artists reads a sixtieth of the rows.
///
/// It says nothing that the days do not say, and has loaded rows only.
public struct GroupedDays: Hashable, Sendable {
  /// Whose days are added up.
  public let rollup: Rollup
  /// The column of the dimension table that the members of a group share. The table's column `label` is a hash of it. A
  /// member whose names are not its own (`Rollup.namedLater`) is a group by itself, and its key is the label.
  public let attribute: String

  /// Songs by artist.
  public static let artists = GroupedDays(rollup: .song, attribute: "artist")
  /// All of them.
  public static let all = [artists]

  /// The name, which is the same in every schema.
  public var name: String { "\(Rung.day.rawValue)_\(attribute)" }

  /// The columns that tell rows apart.
  public var keyColumns: [String] { [Rung.day.column, "label"] }
}
