/// Stretches of event time.
enum EventSpans {
  /// The span, widened to a time that it does not have.
  static func including(_ ts: Int64, _ span: ClosedRange<Int64>?) -> ClosedRange<Int64> {
    span.map { min($0.lowerBound, ts)...max($0.upperBound, ts) } ?? ts...ts
  }

  /// From the first to the last of the spans that are there; nil where none is.
  static func joined(_ spans: [ClosedRange<Int64>?]) -> ClosedRange<Int64>? {
    spans.compactMap { $0 }.reduce(nil) { including($1.lowerBound, including($1.upperBound, $0)) }
  }

  /// Joins neighbouring spans, those with the smallest gaps between them first, until there are at most
  /// `limit` of them.
  /// - Parameter spans: in order, without overlap.
  static func merged(_ spans: [ClosedRange<Int64>], atMost limit: Int) -> [ClosedRange<Int64>] {
    assert(
      zip(spans, spans.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound },
      "spans out of order: \(spans)")
    guard spans.count > limit else { return spans }
    let gaps = (1..<spans.count).map { spans[$0].lowerBound - spans[$0 - 1].upperBound }
    let kept = Set(gaps.indices.sorted { (gaps[$0], $0) > (gaps[$1], $1) }.prefix(limit - 1))
    var merged = [spans[0]]
    for index in 1..<spans.count {
      if kept.contains(index - 1) {
        merged.append(spans[index])
      } else {
        merged[merged.count - 1] = merged[merged.count - 1].lowerBound...spans[index].upperBound
      }
    }
    assert(merged.count <= limit, "\(merged.count) spans, at most \(limit)")
    return merged
  }
}
