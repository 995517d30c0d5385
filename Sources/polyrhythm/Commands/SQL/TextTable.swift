import Foundation
import Warehouse

/// Rows of a result as text for a person or a program.
enum TextTable {
  /// Columns lined up as psql does, numbers to the right.
  static func aligned(_ rows: Rows) -> String {
    guard !rows.columns.isEmpty else { return "\(rows.commandTag)\n" }
    let cells = (0..<rows.count).map { row in
      rows.columns.indices.map { visible(rows.textOrNull(row, $0) ?? "") }
    }
    let names = rows.columns.map(visible)
    // Type OIDs of int2, int4, int8, float4, float8, numeric, oid (pg_type.dat).
    let isNumber = rows.columns.indices.map {
      [21, 23, 20, 700, 701, 1700, 26].contains(rows.typeOID($0))
    }
    let widths = rows.columns.indices.map { column in
      max(names[column].count, cells.map { $0[column].count }.max() ?? 0)
    }
    func line(_ values: [String], right: [Bool]) -> String {
      var out = ""
      for (i, value) in values.enumerated() {
        let padding = String(repeating: " ", count: widths[i] - value.count)
        out += i == 0 ? " " : " | "
        out += right[i] ? padding + value : value + padding
      }
      while out.last == " " { out.removeLast() }
      return out + "\n"
    }
    var text = line(names, right: names.map { _ in false })
    text += widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+") + "\n"
    for row in cells { text += line(row, right: isNumber) }
    return text + "(\(rows.count) row\(rows.count == 1 ? "" : "s"))\n"
  }

  /// The text with control characters escaped, so that a row takes one line, and so that names which listeners made
  /// up cannot carry escape sequences to the terminal.
  static func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      return text
    }
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.properties.generalCategory == .control:
        out += "\\u{\(String(scalar.value, radix: 16))}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// RFC 4180, except that lines end in a line feed alone. Null is an empty field and an empty text is `""`, as in
  /// PostgreSQL's own CSV.
  static func csv(_ rows: Rows) -> String {
    guard !rows.columns.isEmpty else { return "" }
    func field(_ text: String?) -> String {
      guard let text else { return "" }
      guard text.isEmpty || text.utf8.contains(where: { ",\"\n\r".utf8.contains($0) }) else {
        return text
      }
      return "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\""
    }
    var text = rows.columns.map(field).joined(separator: ",") + "\n"
    for row in 0..<rows.count {
      text +=
        rows.columns.indices.map { field(rows.textOrNull(row, $0)) }
        .joined(separator: ",") + "\n"
    }
    return text
  }
}
