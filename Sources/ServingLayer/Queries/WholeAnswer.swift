/// Writes an answer that comes in pieces, in either format: what stands before the rows, the rows of each piece, and what stands behind
/// them. Together they are what `QueryAnswer` writes of all rows.
struct WholeAnswer {
  private let format: Query.Format
  private var hasRows = false

  init(_ format: Query.Format) { self.format = format }

  /// - Parameter first: the first piece; its rows are not written.
  func head(_ first: QueryAnswer) -> String {
    var empty = first
    empty.rows = []
    switch format {
    case .csv: return empty.csvHeader
    case .json: return String(empty.json.dropLast(Self.tail.count))
    }
  }

  mutating func rows(_ piece: QueryAnswer) -> String {
    switch format {
    case .csv: return piece.csvLines
    case .json:
      var json = JSONWriter()
      json.array { json in for row in piece.rows { piece.writeRow(row, to: &json) } }
      let isFirst = !hasRows
      hasRows = hasRows || !piece.rows.isEmpty
      let rows = json.text.dropFirst().dropLast()
      return (isFirst || rows.isEmpty ? "" : ",") + rows
    }
  }

  var tail: String { format == .csv ? "" : Self.tail }

  /// The end of the list of rows, and of the answer.
  private static let tail = "]}"
}
