/// Names in SQL text, quoted so that no name can be taken for anything but a name.
public enum Identifier {
  /// The name in double quotes, with quotes in it doubled and NUL left out.
  public static func quoted(_ name: some StringProtocol) -> String {
    var result = "\""
    for scalar in name.unicodeScalars where scalar != "\0" {
      if scalar == "\"" { result += "\"" }
      result.unicodeScalars.append(scalar)
    }
    return result + "\""
  }

  /// `schema.table` (or only `table`) with each part quoted.
  public static func quotedTable(_ name: String) -> String {
    name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      .map { quoted($0) }.joined(separator: ".")
  }

  /// True for text that may be rendered into a SQL template: `[A-Za-z0-9_.]+`.
  public static func isPlain(_ value: String) -> Bool {
    !value.isEmpty
      && value.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}
