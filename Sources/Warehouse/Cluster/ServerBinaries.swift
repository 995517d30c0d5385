import Glibc
import Support

/// A PostgreSQL server installation: where initdb, pg_ctl and postgres are, and of which version.
struct ServerBinaries {
  var directory: String
  /// 15, 16, …
  var major: Int

  func path(_ program: String) -> String { "\(directory)/\(program)" }

  /// The installation to use.
  /// - Parameter wanted: the version that a data directory is of; nil takes the newest.
  /// - Throws: `.cluster`, naming the package to install, or both versions where only another one
  ///   is there.
  static func find(major wanted: Int?, for dataDirectory: String) throws(WarehouseError)
    -> ServerBinaries
  {
    let found = try candidates()
    guard let newest = found.max(by: { $0.major < $1.major }) else {
      throw WarehouseError(
        .cluster,
        "No PostgreSQL server is installed (looked in POLYRHYTHM_PG_BIN, "
          + "/usr/lib/postgresql/*/bin and PATH): apt-get install postgresql-15 postgresql-15-hll")
    }
    guard let wanted else { return newest }
    guard let match = found.first(where: { $0.major == wanted }) else {
      let present = found.map { "\($0.major)" }.joined(separator: ", ")
      throw WarehouseError(
        .cluster,
        "\(dataDirectory) was made by PostgreSQL \(wanted), but the server installed is "
          + "\(present): apt-get install postgresql-\(wanted) postgresql-\(wanted)-hll, "
          + "or upgrade the directory with pg_upgrade")
    }
    return match
  }

  private static func candidates() throws(WarehouseError) -> [ServerBinaries] {
    if let given = getenv("POLYRHYTHM_PG_BIN") {
      let directory = FileSystem.absolute(String(cString: given))
      guard let binaries = try inspect(directory) else {
        throw WarehouseError(
          .cluster, "POLYRHYTHM_PG_BIN is \(directory), which has no initdb, pg_ctl and postgres")
      }
      return [binaries]
    }
    var directories = ["/usr/lib/postgresql"].flatMap { root in
      FileSystem.sortedNames(in: root).map { "\(root)/\($0)/bin" }
    }
    directories += FileSystem.sortedNames(in: "/usr").filter { $0.hasPrefix("pgsql-") }
      .map { "/usr/\($0)/bin" }
    if let path = getenv("PATH") {
      directories += String(cString: path).split(separator: ":").compactMap { entry in
        FileSystem.realPath("\(entry)/postgres").map { FileSystem.parent($0) }
      }
    }
    var result: [ServerBinaries] = []
    for directory in directories where !result.contains(where: { $0.directory == directory }) {
      if let binaries = try inspect(directory) { result.append(binaries) }
    }
    return result
  }

  private static func inspect(_ directory: String) throws(WarehouseError) -> ServerBinaries? {
    for program in ["initdb", "pg_ctl", "postgres"]
    where access("\(directory)/\(program)", X_OK) != 0 {
      return nil
    }
    // "postgres (PostgreSQL) 15.20 (Debian …)"; runs as whoever we are, which is allowed for this.
    let words = try ChildProcess.run(["\(directory)/postgres", "--version"], as: .current).output
      .split(separator: " ")
    guard let version = words.first(where: { $0.first?.isNumber == true }),
      let major = Int(version.prefix { $0.isNumber })
    else { return nil }
    return ServerBinaries(directory: directory, major: major)
  }
}
