/// Charts of Unicode's block characters, for terminals.
public enum TextChart {
  /// Cells that the longest bar takes.
  public static let barWidth = 40

  /// Characters that a label is cut to.
  static let labelWidth = 48

  private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
  private static let heights: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// One bar: what it is called, how long it is, and how its value is written behind it.
  public struct Bar: Equatable, Sendable {
    var label: String
    var value: Double?
    var shown: String

    /// - Parameter value: nil for a value that is not known, which has no bar, as have zero and less.
    public init(label: String, value: Double?, shown: String) {
      self.label = label
      self.value = value
      self.shown = shown
    }
  }

  /// A line for each bar, drawn to one scale from 0 to the greatest value. What is greater than 0 shows at least an eighth of
  /// a cell.
  public static func lines(of bars: [Bar]) -> [String] {
    let labels = bars.map { cut($0.label) }
    let width = labels.map(\.count).max() ?? 0
    let greatest = bars.compactMap(\.value).filter(\.isFinite).max() ?? 0
    return zip(bars, labels).map { bar, label in
      let padding = String(repeating: " ", count: width - label.count)
      let drawn = self.bar(bar.value ?? 0, of: greatest)
      return "\(label)\(padding) ▕\(drawn)\(drawn.isEmpty ? "" : " ")\(bar.shown)"
    }
  }

  /// A character for each value, drawn to a scale from 0 to the greatest one, so that half the height is half the value; a
  /// blank where there is no value.
  public static func sparkline(_ values: [Double?]) -> String {
    let greatest = values.compactMap { $0 }.filter(\.isFinite).max() ?? 0
    return String(
      values.map { value -> Character in
        guard let value, value.isFinite else { return " " }
        guard greatest > 0, value > 0 else { return heights[0] }
        return heights[min(7, Int(value / greatest * 8))]
      })
  }

  private static func bar(_ value: Double, of greatest: Double) -> String {
    guard value.isFinite, value > 0, greatest > 0 else { return "" }
    let cells = max(1, Int((value / greatest * Double(barWidth * 8)).rounded()))
    return String(repeating: "█", count: cells / 8) + eighths[cells % 8]
  }

  private static func cut(_ label: String) -> String {
    label.count > labelWidth ? label.prefix(labelWidth - 1) + "…" : label
  }
}
