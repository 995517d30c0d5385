/// An answer as a file.
extension QueryAnswer {
  /// RFC 4180, with a header line; null is an empty field. What is compared with stands behind each row.
  var csv: String { csvHeader + csvLines }

  private var beside: [Int] {
    plan.compared == nil ? [] : plan.columns.indices.filter(isCompared)
  }

  /// The line with the names.
  var csvHeader: String {
    let names = plan.columns.map(\.name) + beside.map { "previous_" + plan.columns[$0].name }
    return names.joined(separator: ",") + "\r\n"
  }

  /// A line for each row.
  var csvLines: String {
    let beside = beside
    var text = ""
    var known: [[String?]: [String?]] = [:]
    for row in compared { known[key(row.texts, time: row.besides)] = row.texts }
    for row in rows {
      let other = beside.isEmpty ? nil : known[key(row, time: nil)]
      let fields = row + beside.map { other?[$0] }
      text += fields.map { Self.field($0 ?? "") }.joined(separator: ",") + "\r\n"
    }
    return text
  }

  /// Whether a column is told of the other period as well.
  private func isCompared(_ column: Int) -> Bool {
    switch plan.columns[column].role {
    case .bucket, .measure, .low, .high, .settled: true
    case .dimension, .isOther, .source, .isFinal, .isPartial, .coversUntil: false
    }
  }

  /// What tells a row from others: its bucket and members.
  /// - Parameter time: the bucket that the row stands beside; nil for its own.
  private func key(_ row: [String?], time: String?) -> [String?] {
    zip(plan.columns, row).compactMap { column, text -> String?? in
      switch column.role {
      case .bucket: .some(time ?? text)
      case .dimension, .isOther: .some(text)
      default: nil
      }
    }
  }

  private static func field(_ value: String) -> String {
    guard value.utf8.contains(where: { "\",\r\n".utf8.contains($0) }) else { return value }
    return "\""
      + value.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }
}
