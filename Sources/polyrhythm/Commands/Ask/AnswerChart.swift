import Foundation
import Support
import Warehouse

/// An answer as a chart for a terminal.
enum AnswerChart {
  /// Buckets in one line of a series.
  private static let lineWidth = 60

  /// - Throws: `.decoding` where the question's comment names a column that the answer does not have.
  static func text(_ rows: Rows, _ question: Question, by bucket: QuestionBucket) throws -> String {
    guard !rows.isEmpty else { return "(0 rows)\n" }
    switch question.chart {
    case .bars(let labels, let value):
      return try bars(rows, labels: labels, value: value, by: bucket)
    case .line(let value):
      return try line(rows, value: value, by: bucket)
    }
  }

  private static func bars(
    _ rows: Rows, labels: [String], value: String, by bucket: QuestionBucket
  ) throws -> String {
    let time = try rows.column("bucket")
    let labelColumns = try labels.map { try rows.column($0) }
    let valueColumn = try rows.column(value)
    let lines = TextChart.lines(
      of: try (0..<rows.count).map { row in
        let texts = labelColumns.map { rows.textOrNull(row, $0) ?? "-" }
        return TextChart.Bar(
          label: TextTable.visible(texts.joined(separator: " · ")),
          value: try rows.doubleOrNull(row, valueColumn),
          shown: rows.textOrNull(row, valueColumn) ?? "-")
      })
    var text = ""
    for (row, line) in lines.enumerated() {
      let start = try rows.text(row, time)
      if try row == 0 || rows.text(row - 1, time) != start {
        text += "\(row == 0 ? "" : "\n")\(bucket.label(start)): \(value)\n"
      }
      text += "\(line)\n"
    }
    return text
  }

  private static func line(_ rows: Rows, value: String, by bucket: QuestionBucket) throws -> String
  {
    let time = try rows.column("bucket")
    let valueColumn = try rows.column(value)
    var points: [(label: String, value: Double?)] = []
    var before: Int64?
    for row in 0..<rows.count {
      let start = try rows.text(row, time)
      let local = ISOTime.parse(String(start.prefix(19)))
      if let local, let before {
        let steps = Int((Double(local - before) / bucket.milliseconds).rounded())
        for step in 1..<max(1, min(steps, 10_000)) {
          let missing = ISOTime.text(before + Int64(bucket.milliseconds) * Int64(step))
          points.append((bucket.label(missing.replacingOccurrences(of: "T", with: " ")), nil))
        }
      }
      before = local
      points.append((bucket.label(start), try rows.doubleOrNull(row, valueColumn)))
    }
    let drawn = Array(TextChart.sparkline(points.map(\.value)))
    let width = points.map(\.label.count).max() ?? 0
    var text = "\(value), each character a \(bucket.rawValue)\n"
    for start in stride(from: 0, to: points.count, by: lineWidth) {
      let end = min(points.count, start + lineWidth)
      let label = points[start].label
      let padding = String(repeating: " ", count: width - label.count)
      text += "\(label)\(padding) ▕\(String(drawn[start..<end]))▏\n"
    }
    let known = try (0..<rows.count).filter { !rows.isNull($0, valueColumn) }.map {
      (value: try rows.double($0, valueColumn), shown: try rows.text($0, valueColumn))
    }
    if let least = known.min(by: { $0.value < $1.value }),
      let most = known.max(by: { $0.value < $1.value }), let last = known.last
    {
      text += "least \(least.shown), most \(most.shown), last \(last.shown)\n"
    }
    return text
  }
}
