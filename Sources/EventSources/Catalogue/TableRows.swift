import EventModel
import Support

/// The rows of a table of users or songs, one after the other. It counts the rows and cells that cannot be
/// used, by reason, and reports the counts in one line.
struct TableRows {
  let path: String
  private let reader: CSVReader
  private let columns: TableColumns
  private var rowCount = 0
  private var firstLeftOut: Int?
  private var leftOut = Tally()
  private var doubtful = Tally()

  /// A column by its place in the row; nil where the table has none.
  typealias Column = Int?

  /// Counts by what is counted, in the order of the first of each.
  private struct Tally {
    private(set) var counts: [(what: String, count: Int)] = []

    mutating func add(_ what: String, _ count: Int = 1) {
      if let index = counts.firstIndex(where: { $0.what == what }) {
        counts[index].count += count
      } else {
        counts.append((what, count))
      }
    }

    var total: Int { counts.reduce(0) { $0 + $1.count } }

    var text: String {
      counts.map { "\($0.count.grouped) \($0.what)" }.joined(separator: ", ")
    }
  }

  /// Opens the file and reads its header.
  /// - Parameter required: the columns that have to be there, under the names to ask for.
  init(
    path: String, of kind: TableKind, required: [(role: ColumnRole, name: String)]
  ) throws(SourceError) {
    self.path = path
    reader = try CSVReader(path: path)
    guard try reader.advance() else {
      throw SourceError(.badContent, "\(path): it is empty; it needs a header and rows")
    }
    let header = reader.fields.map { CellText.trimmed($0).string }
    let columns = TableColumns(header: header, of: kind)
    // A header without an id, the first of the columns, has no roles at all.
    let missing =
      columns.map { known in required.filter { !known.roles.contains($0.role) } }
      ?? Array(required.prefix(1))
    guard let columns, missing.isEmpty else {
      let isOtherwiseSeparated = header.count == 1 && header[0].contains { $0 == ";" || $0 == "\t" }
      throw SourceError(
        .badContent,
        "\(path): the header has no column \(missing.map(\.name).joined(separator: " and no "))"
          + (isOtherwiseSeparated ? " (columns must be separated by commas)" : "")
          + "; a table of \(kind.rawValue) needs \(required.map(\.name).joined(separator: ", "))")
    }
    self.columns = columns
  }

  func column(_ role: ColumnRole) -> Column { columns.roles.firstIndex(of: role) }

  /// Goes to the next row that has as many fields as the header; other rows are counted as left out.
  mutating func advance() throws(SourceError) -> Bool {
    while try reader.advance() {
      rowCount += 1
      if reader.isBroken {
        leaveOut("with a quote that is never closed")
      } else if reader.fields.count != columns.roles.count {
        leaveOut("with more or fewer fields than the header")
      } else {
        return true
      }
    }
    return false
  }

  /// The value in the row, without white space around it; empty where there is none.
  func cell(_ column: Column) -> ByteSlice {
    column.map { CellText.trimmed(reader.fields[$0]) } ?? .empty
  }

  func text(_ column: Column) -> String {
    let cell = cell(column)
    return CellText.repaired(cell).map { String(decoding: $0, as: UTF8.self) } ?? cell.string
  }

  func integer(_ column: Column) -> Int64? { CellText.integer(cell(column)) }

  /// A whole number of the range; nil where the cell is empty, and where it holds something else, which is
  /// counted under `what`.
  mutating func integer(
    _ column: Column, in range: ClosedRange<Int64>, orNote what: String
  ) -> Int? {
    let cell = cell(column)
    if CellText.isNull(cell) { return nil }
    guard let value = CellText.integer(cell), range.contains(value) else {
      note(what)
      return nil
    }
    return Int(value)
  }

  func number(_ column: Column) -> Double? { CellText.number(cell(column)) }

  /// Counts the row as one that cannot be used.
  mutating func leaveOut(_ why: String) {
    if firstLeftOut == nil { firstLeftOut = reader.line }
    leftOut.add(why)
  }

  /// Counts rows as left out that had been taken at first.
  mutating func leaveOut(_ count: Int, _ why: String) {
    if count > 0 { leftOut.add(why, count) }
  }

  /// Counts the row as one with a cell whose value was not taken.
  mutating func note(_ what: String) { doubtful.add(what) }

  /// One line on what was not taken; nil where all was.
  var warning: String? {
    var parts: [String] = []
    if leftOut.total > 0 {
      let place = firstLeftOut.map { "; the first is at line \($0)" } ?? ""
      parts.append(
        "left out \(leftOut.total.grouped) of \(rowCount.grouped) rows: "
          + leftOut.text + place)
    }
    if doubtful.total > 0 { parts.append("left cells open: \(doubtful.text)") }
    return parts.isEmpty ? nil : "\(path): \(parts.joined(separator: "; "))"
  }

  /// What is thrown where no row could be used.
  var nothingUsable: SourceError {
    let why = leftOut.total > 0 ? ": \(leftOut.text)" : ""
    return SourceError(
      .badContent,
      "\(path): none of its \(rowCount.grouped) rows can be used\(why)")
  }
}
