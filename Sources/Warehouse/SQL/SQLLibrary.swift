import Glibc
import Support
import Synchronization

/// The product's SQL: numbered migrations, queries and checks, as files that read well on their
/// own. Programs load them by name and never build SQL from values.
public final class SQLLibrary: Sendable {
  /// The `warehouse-sql` directory.
  public let directory: String
  private let texts = Mutex<[String: String]>([:])

  /// - Parameter directory: the directory of the files. Nil looks for it: in the environment variable
  ///   `POLYRHYTHM_SQL`, then as `warehouse-sql` in the program's directory or one above it, then the same
  ///   from the current directory, then in `/usr/share/polyrhythm/warehouse-sql`.
  /// - Throws: `.schema` where there is no such directory.
  public init(directory: String? = nil) throws(WarehouseError) {
    if let directory {
      self.directory = directory
    } else {
      self.directory = try Self.find()
    }
    guard FileSystem.isDirectory(self.directory) else {
      throw WarehouseError(
        .schema,
        "There is no SQL directory \(self.directory); set POLYRHYTHM_SQL to the "
          + "warehouse-sql directory that came with this program")
    }
  }

  /// The query `<directory>/<name>.sql`, with `{key}` replaced by `values[key]`. Only identifiers and
  /// numbers are rendered (`[A-Za-z0-9_.]+`); everything else is bound as a parameter. Braces
  /// around a lower-case word are always a place to fill: write array literals as `array['x']`.
  /// - Parameter lists: `{key}` becomes the items with commas between them, and `{key: sum(*)}` the expression
  ///   with each item in place of `*`. Lists serve statements that differ between tables only in columns.
  /// - Parameter directory: the subdirectory with the file.
  /// - Throws: `.schema` when the file is missing, a value is not plain, a value is not used, or
  ///   a place is left unfilled.
  public func sql(
    _ name: String, _ values: [String: String] = [:], lists: [String: [String]] = [:],
    in directory: String = "queries"
  ) throws(WarehouseError) -> String {
    var text = try text(of: "\(directory)/\(name).sql")
    for (key, items) in lists.sorted(by: { $0.key < $1.key }) {
      for item in items { try requirePlain(item, key, name) }
      text = try fill(text, key, items, name)
    }
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      try requirePlain(value, key, name)
      let pieces = text.split(separator: "{\(key)}", omittingEmptySubsequences: false)
      guard pieces.count > 1 else {
        throw WarehouseError(.schema, "Query \(name) has no place {\(key)} to fill")
      }
      text = pieces.joined(separator: value)
    }
    if let place = Self.unfilledPlace(in: text) {
      throw WarehouseError(.schema, "Query \(name) needs a value for {\(place)}")
    }
    return text
  }

  private func requirePlain(_ value: String, _ key: String, _ name: String)
    throws(WarehouseError)
  {
    guard Identifier.isPlain(value) else {
      throw WarehouseError(
        .schema,
        "The value for {\(key)} in query \(name) is not a plain identifier "
          + "(letters, digits, _ and .)")
    }
  }

  /// Replaces `{key}` and `{key: expression}`.
  private func fill(_ text: String, _ key: String, _ items: [String], _ name: String)
    throws(WarehouseError) -> String
  {
    let pieces = text.split(separator: "{\(key)", omittingEmptySubsequences: false)
    guard pieces.count > 1 else {
      throw WarehouseError(.schema, "Query \(name) has no place {\(key)} to fill")
    }
    var filled = String(pieces[0])
    for piece in pieces.dropFirst() {
      guard let brace = piece.firstIndex(of: "}"), piece.hasPrefix("}") || piece.hasPrefix(": ")
      else {
        filled += "{\(key)\(piece)"
        continue
      }
      let expression = piece.hasPrefix(": ") ? piece[..<brace].dropFirst(2) : "*"
      filled += items.map {
        expression.split(separator: "*", omittingEmptySubsequences: false).joined(separator: $0)
      }.joined(separator: ", ")
      filled += piece[piece.index(after: brace)...]
    }
    return filled
  }

  /// The text of a file by its path under the directory, such as `checks/fact_listen_unique.sql`.
  /// - Throws: `.schema` where the file cannot be read.
  public func text(of path: String) throws(WarehouseError) -> String {
    if let known = texts.withLock({ $0[path] }) { return known }
    guard let text = FileSystem.text("\(directory)/\(path)") else {
      throw WarehouseError(
        .schema,
        "Cannot read \(directory)/\(path): the SQL files do not belong to this program; "
          + "install both from the same version")
    }
    texts.withLock { $0[path] = text }
    return text
  }

  /// The names of the `.sql` files of a subdirectory, without the suffix, sorted; empty where the subdirectory
  /// is missing.
  public func names(in subdirectory: String) -> [String] {
    FileSystem.sortedNames(in: "\(directory)/\(subdirectory)")
      .filter { $0.hasSuffix(".sql") }.map { String($0.dropLast(4)) }
  }

  private static func find() throws(WarehouseError) -> String {
    let found = ProgramFiles.find(
      variable: "POLYRHYTHM_SQL", inTree: "warehouse-sql", installed: "warehouse-sql",
      marker: "migrations")
    guard let found else {
      throw WarehouseError(
        .schema,
        "Cannot find the directory warehouse-sql (looked in and above the program's directory and the "
          + "working directory, and in /usr/share/polyrhythm); set POLYRHYTHM_SQL to it")
    }
    return found
  }

  private static func unfilledPlace(in text: String) -> String? {
    var rest = text.utf8[...]
    while let brace = rest.firstIndex(of: UInt8(ascii: "{")) {
      rest = rest[rest.index(after: brace)...]
      let word = rest.prefix { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
      }
      let after = rest[word.endIndex...]
      if !word.isEmpty, after.first == UInt8(ascii: "}") || after.starts(with: ": ".utf8) {
        return String(word)
      }
    }
    return nil
  }
}
