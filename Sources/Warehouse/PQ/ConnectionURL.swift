import CLibPQ
import Support

/// A database URL or conninfo string, taken apart by libpq itself. Knows what of it may be shown.
struct ConnectionURL {
  /// libpq's keywords and the values that the string gives them.
  private(set) var options: [String: String] = [:]

  /// - Throws: `.connection`. libpq's own words are not passed on: they quote the string, and what
  ///   is wrong with it is often an unescaped password.
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
    // A password with a bare @ or / would end up as part of the host, and in messages.
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

  /// A conninfo string of all but the password.
  var withoutPassword: String {
    options.filter { $0.key != "password" }.sorted { $0.key < $1.key }.map { keyword, value in
      "\(keyword)='\(value.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }.joined(separator: " ")
  }

  /// PQconnectdbParams.
  func connect() -> OpaquePointer? {
    let pairs = options.sorted { $0.key < $1.key }
    let keywords = CStrings(pairs.map(\.key))
    let values = CStrings(pairs.map(\.value))
    return keywords.withPointers { keywords in
      values.withPointers { values in PQconnectdbParams(keywords, values, 0) }
    }
  }
}
