/// How far estimates of distinct counts are off, by size of the estimate: measured, and held by a test that measures.
///
/// Far from 2.5 · 4096 = 10,240 the standard error is 1.04/√4096, as in the theory. Up to there registers that are 0 are counted, and beyond
/// there the raw estimate is taken, which is too great by 2 % there and by 0.1 % at 18,000; the paper's
/// estimator, which is the extension's as well, does not correct for that. So counts of 9,800 to 10,200 come out as up to 5 % more, and just where the
/// two meet hardly any estimate lies.
public struct SketchAccuracy: Equatable, Sendable {
  /// The least estimate that this is about; the next one's `from` ends it.
  public var from: Int
  /// The root mean square of estimate/count − 1 for counts of that size, at most.
  public var standardError: Double
  /// In 95 of 100 cases the count is at least the estimate times (1 − `low`).
  public var low: Double
  /// In 95 of 100 cases the count is at most the estimate times (1 + `high`).
  public var high: Double

  /// From the smallest estimates to the greatest.
  public static let all = [
    SketchAccuracy(
      from: 0, standardError: DistinctSketch.relativeError,
      low: 1.96 * DistinctSketch.relativeError,
      high: 1.96 * DistinctSketch.relativeError),
    SketchAccuracy(from: 8_500, standardError: 0.018, low: 0.034, high: 0.036),
    SketchAccuracy(from: 9_800, standardError: 0.03, low: 0.051, high: 0.027),
    SketchAccuracy(from: 11_000, standardError: 0.023, low: 0.045, high: 0.021),
    SketchAccuracy(
      from: 13_200, standardError: DistinctSketch.relativeError, low: 0.034, high: 0.032),
    SketchAccuracy(
      from: 16_000, standardError: DistinctSketch.relativeError,
      low: 1.96 * DistinctSketch.relativeError, high: 1.96 * DistinctSketch.relativeError),
  ]

  /// What holds for an estimate.
  public static func of(_ estimate: Int) -> SketchAccuracy {
    all.last { $0.from <= estimate } ?? all[0]
  }

  /// The 95 % interval of the count behind an estimate, outward to whole members.
  public static func interval(_ estimate: Int) -> (low: Int, high: Int) {
    let accuracy = of(estimate)
    let value = Double(estimate)
    return (
      Int((value * (1 - accuracy.low)).rounded(.down)),
      Int((value * (1 + accuracy.high)).rounded(.up))
    )
  }
}
