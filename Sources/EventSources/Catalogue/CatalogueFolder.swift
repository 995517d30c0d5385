import EventGenerator
import Glibc
import Support

/// A directory with the songs of a service (`tracks.csv` or `songs.csv`) and, optionally, its users
/// (`users.csv`), each plain or compressed as `.gz` or `.zst`: what `--catalogue` reads, and what the generator's
/// `CatalogueTables` writes. Columns are recognised by their names, by the rules that `import` has.
public enum CatalogueFolder {
  /// Reads the tables. Rows that cannot be used are left out.
  /// - Returns: the songs; the listeners in the order of their table, none where there is no table; and a
  ///   warning of one line for each file of which something was left out.
  /// - Throws: `.notFound` where there is no directory or no table of songs in it, `.badContent` where a
  ///   table lacks a required column or has no usable row, `.io` where a file cannot be read.
  public static func read(
    _ directory: String
  ) throws(SourceError) -> (catalogue: Catalogue, listeners: [Listener], warnings: [String]) {
    try checkIsDirectory(directory)
    let tracks = existing(songFiles, in: directory)
    guard let songFile = tracks.first else {
      throw SourceError(
        .notFound,
        "\(directory): there is no tracks.csv or songs.csv in it; --catalogue takes a directory "
          + "with one of them (or .csv.gz, .csv.zst), and users.csv beside it if you like")
    }
    let users = existing(userFiles, in: directory)
    var warnings: [String] = []
    for files in [tracks, users] where files.count > 1 {
      warnings.append(
        "\(files[0]): used; not used beside it: \(files.dropFirst().joined(separator: ", "))")
    }
    let (catalogue, songWarning) = try SongTable(path: songFile).read()
    if let songWarning { warnings.append(songWarning) }
    var listeners: [Listener] = []
    if let userFile = users.first {
      let (read, userWarning) = try UserTable(path: userFile).read()
      listeners = read
      if let userWarning { warnings.append(userWarning) }
    }
    return (catalogue, listeners, warnings)
  }

  private static func checkIsDirectory(_ path: String) throws(SourceError) {
    do throws(SystemError) {
      guard try FileSystem.kind(of: path) != .directory else { return }
      throw SystemError(ENOTDIR, path)
    } catch {
      throw SourceError(
        error.code == ENOENT || error.code == ENOTDIR ? .notFound : .io,
        "\(path): \(error.reason); --catalogue takes a directory with tracks.csv")
    }
  }

  private static let songFiles = ["tracks.csv", "songs.csv"]
  private static let userFiles = ["users.csv"]

  /// The paths of the files that `read` looks at, those that are there.
  public static func files(in directory: String) -> [String] {
    existing(songFiles + userFiles, in: directory)
  }

  private static func existing(_ names: [String], in directory: String) -> [String] {
    names.flatMap { name in ["", ".gz", ".zst"].map { "\(directory)/\(name)\($0)" } }
      .filter { access($0, F_OK) == 0 }
  }
}
