/// JSON's strings (RFC 8259, section 7).
public enum JSONString {
  /// The text as JSON writes it, with quotation marks; a control character is escaped, so that a line stays one.
  public static func quoted(_ text: String) -> String {
    var json = ""
    append(text, to: &json)
    return json
  }

  /// `quoted`, at the end of what is there.
  public static func append(_ text: String, to json: inout String) {
    json += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": json += "\\\""
      case "\\": json += "\\\\"
      case "\n": json += "\\n"
      case "\r": json += "\\r"
      case "\t": json += "\\t"
      case "\u{0}"..."\u{1F}", "\u{7F}": json += "\\u" + scalar.value.padded(to: 4, radix: 16)
      default: json.unicodeScalars.append(scalar)
      }
    }
    json += "\""
  }
}
