import Testing

@testable import Support

@Suite struct TextChartTests {
  private func bar(_ label: String, _ value: Double?) -> TextChart.Bar {
    TextChart.Bar(label: label, value: value, shown: value.map { "\(Int($0))" } ?? "-")
  }

  @Test func barsAreToScaleAndLinedUp() {
    let lines = TextChart.lines(of: [bar("Zoë", 80), bar("a", 40), bar("long one", 1)])
    #expect(
      lines == [
        "Zoë      ▕\(String(repeating: "█", count: 40)) 80",
        "a        ▕\(String(repeating: "█", count: 20)) 40",
        "long one ▕▌ 1",
      ])
  }

  @Test func whatIsMoreThanZeroShowsAndWhatIsNotDoesNot() {
    let lines = TextChart.lines(of: [
      bar("most", 1_000_000), bar("least", 1), bar("zero", 0), bar("none", nil), bar("less", -5),
    ])
    #expect(lines[1] == "least ▕▏ 1")
    #expect(lines[2] == "zero  ▕0")
    #expect(lines[3] == "none  ▕-")
    #expect(lines[4] == "less  ▕-5")
    #expect(TextChart.lines(of: [bar("zero", 0)]) == ["zero ▕0"])
    #expect(TextChart.lines(of: []).isEmpty)
  }

  /// Each of the 320 lengths of a bar has its own text, and is as long as the value says.
  @Test func barsGrowByEighths() {
    let lines = TextChart.lines(of: (1...320).map { bar("", Double($0)) })
    let bars = lines.map { $0.dropFirst(2).prefix { "▏▎▍▌▋▊▉█".contains($0) } }
    #expect(Set(bars).count == 320)
    for (index, bar) in bars.enumerated() { #expect(bar.count == (index + 8) / 8) }
  }

  @Test func aLongLabelIsCut() {
    let line = TextChart.lines(of: [bar(String(repeating: "x", count: 100), 1)])[0]
    #expect(line.hasPrefix(String(repeating: "x", count: 47) + "… ▕"))
  }

  @Test func aSparklineIsHalfAsHighForHalfTheValue() {
    #expect(TextChart.sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇██")
    #expect(TextChart.sparkline([50, 100]) == "▅█")
    #expect(TextChart.sparkline([100, nil, 0, .nan, -3]) == "█ ▁ ▁")
    #expect(TextChart.sparkline([0, 0]) == "▁▁")
    #expect(TextChart.sparkline([nil]) == " ")
    #expect(TextChart.sparkline([]) == "")
  }
}
