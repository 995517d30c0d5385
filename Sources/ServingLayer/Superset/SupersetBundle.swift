/// Dashboards for Superset as files in the format of its export of assets: a database, its datasets, charts and
/// dashboards. UUIDs are made of the files' names, so that importing the files again replaces what they made.
public struct SupersetBundle: Sendable {
  /// Where PostgreSQL is, as `HOST:PORT`.
  private let address: String
  /// The database's name there.
  private let database: String

  /// - Parameters:
  ///   - address: where Superset finds PostgreSQL, as `HOST:PORT`.
  ///   - database: the name of the warehouse's database there.
  public init(address: String = "127.0.0.1:5432", database: String = "polyrhythm") {
    self.address = address
    self.database = database
  }

  static let databasePath = "databases/polyrhythm.yaml"
  static let databaseUUID = NameUUID.of("https://polyrhythm/superset/\(databasePath)")

  /// Each file's path in the bundle, and its text. The database's password is not among them: Superset asks for it.
  public var files: [(path: String, text: String)] {
    let metadata: BundleValue = [
      "version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00",
    ]
    return [("metadata.yaml", metadata.yaml), (Self.databasePath, databaseFile.yaml)]
      + SupersetDataset.all.map { ($0.path, $0.file.yaml) }
      + SupersetDashboard.all.flatMap(\.charts).map { ($0.path, $0.file.yaml) }
      + SupersetDashboard.all.map { ($0.path, $0.file.yaml) }
  }

  /// A session speaks UTC, as the times do that Superset makes of "now".
  private var databaseFile: BundleValue {
    [
      "database_name": "Polyrhythm",
      "sqlalchemy_uri": .text(
        "postgresql://analyst:XXXXXXXXXX@\(address)/\(database)"
          + "?options=-csearch_path%3Ddashboard%20-ctimezone%3DUTC"),
      "cache_timeout": nil, "expose_in_sqllab": true, "allow_run_async": false,
      "allow_ctas": false, "allow_cvas": false, "allow_dml": false, "allow_csv_upload": false,
      "extra": ["allows_virtual_table_explore": true],
      "uuid": .text(Self.databaseUUID), "version": "1.0.0",
    ]
  }
}
