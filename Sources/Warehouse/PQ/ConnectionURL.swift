import CLibPQ
import Support

/// A database URL or conninfo string, taken apart by libpq itself, so that it can be shown without its
/// password.
struct ConnectionURL {
  /// libpq's keywords and the values that the string gives them.
  private(set) var options: [String: String] = [:]

  /// - Throws: `.connection`. libpq's own message is not passed on, because it quotes the string, and the part
  ///   that it does not understand is often an unescaped password.
  init(_ text: String) throws(WarehouseError) {
    guard let parsed = PQconninfoParse(text, nil) else { throw Self.notUnderstood }
    defer { PQconninfoFree(parsed) }
    var entry = parsed
    while let keyword = entry.pointee.keyword {
      if let value = entry.pointee.val {
        options[String(cString: keyword)] = String(cString: value)
      }
      entry += 1
    }
    // libpq would take part of a password with a bare @ or / for the host, which messages show.
    if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
      let ats = text.count { $0 == "@" }
      if ats > 1 || (ats == 1 && options["user"] == nil) { throw Self.notUnderstood }
    }
  }

  private static var notUnderstood: WarehouseError {
    WarehouseError(
      .connection,
      "The database URL is not understood; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE "
        + "with special characters of the password percent-encoded (@ is %40), "
        + "or host=… port=… dbname=… user=…")
  }

  mutating func setDefault(_ keyword: String, _ value: String) {
    if options[keyword] == nil { options[keyword] = value }
  }

  mutating func set(_ keyword: String, _ value: String) { options[keyword] = value }

  /// A conninfo string of all options but the password.
  var withoutPassword: String {
    options.filter { $0.key != "password" }.sorted { $0.key < $1.key }.map { keyword, value in
      "\(keyword)='\(value.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }.joined(separator: " ")
  }

  /// Connects with the options; nil where there is no memory. The caller owns the handle, also that of a
  /// connection that failed.
  func connect() -> OpaquePointer? {
    let pairs = options.sorted { $0.key < $1.key }
    let keywords = CStrings(pairs.map(\.key))
    let values = CStrings(pairs.map(\.value))
    return keywords.withPointers { keywords in
      values.withPointers { values in PQconnectdbParams(keywords, values, 0) }
    }
  }
}
