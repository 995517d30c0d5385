/// Why a line is not an event. The line goes to quarantine with this failure as the reason.
public struct DecodingFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of thing is wrong. The raw values are stable: they are stored and counted by.
  public enum Code: String, CaseIterable, Sendable {
    /// Not one JSON document of RFC 8259 in valid UTF-8, or too long (16 MiB), or too deep (1024).
    case malformedJSON
    /// A JSON document, but an array or a plain value.
    case notAnObject
    /// A field that every such event has is absent, null or `""`.
    case missingField
    /// A field has a value of a type that it cannot take.
    case wrongType
    /// A field has a value of the right type beyond what it can mean, or text with a NUL in it.
    case outOfRange
    /// `ts` lies outside the years 2000 to 2099 (UTC).
    case implausibleTime
    /// The field that says what kind of event a record is, in a topic that has all kinds, names none that we know.
    case unknownKind
    /// A row of a table that the import could make no event of.
    case brokenRow
  }

  /// The kind of the failure.
  public var code: Code
  /// The field's name as it stands in the JSON; `""` where the document as a whole is at fault. Of a broken row, where it stands.
  public var field: String
  /// What belongs there, as in `an integer`.
  public var expected: String
  /// What was there: its type and its value, escaped and cut to about 40 characters. For a
  /// malformed document, what the parser said; for a broken row, what is wrong with it.
  public var found: String

  /// - Parameter field: `""` where the document as a whole is at fault.
  public init(code: Code, field: String, expected: String, found: String) {
    self.code = code
    self.field = field
    self.expected = expected
    self.found = found
  }

  /// One line, such as `field sessionId: expected an integer, found string "abc"`.
  public var reason: String {
    if code == .brokenRow { return "\(field): \(found)" }
    let place = field.isEmpty ? "document" : "field \(field)"
    let what = code == .implausibleTime ? "implausible time, " : ""
    return "\(place): \(what)expected \(expected), found \(found)"
  }

  public var description: String { reason }
}

extension DecodingFailure {
  /// Characters of a value that a message shows.
  private static let shownCharacters = 32

  /// Text as it can stand in one line of a message, whatever is in it: quoted, with quotes,
  /// backslashes and everything invisible escaped, and cut where it is long.
  static func quoted(_ text: UnsafeBufferPointer<UInt8>) -> String {
    // A scalar takes at most 4 bytes, so a cut through one lies beyond what is shown.
    let head = String(decoding: text.prefix(4 * shownCharacters + 4), as: UTF8.self)
    var shown = "\""
    for scalar in head.unicodeScalars {
      guard shown.unicodeScalars.count <= shownCharacters else {
        shown += "…"
        break
      }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
        .unassigned:
        shown += "\\u{\(String(scalar.value, radix: 16))}"
      default:
        if scalar == "\"" || scalar == "\\" { shown += "\\" }
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown + "\""
  }
}
