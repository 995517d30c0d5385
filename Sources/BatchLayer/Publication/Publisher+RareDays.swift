import Warehouse

/// Days with few facts that share a partition: the default one, which takes what no day's own does. It is
/// made when a load first needs it. PostgreSQL looks through it whenever a day gets a partition, and keeps
/// its readers out meanwhile; it is small.
extension Publisher {
  /// - Parameter present: which table has which day's facts, without those of this load.
  func publishRareDays(_ staged: Staged, _ present: [PartName: String]) throws {
    for (fact, parts) in Dictionary(grouping: staged.rare, by: \.fact) {
      let name = fact.name
      let partition = "\(name)_rare"
      let known = try connection.run(
        library.sql("batch/has_default_partition"), [.text(fact.qualifiedName)])
      if try !known.bool(0, 0) {
        try connection.script(
          library.sql("batch/attach_rare_fact", ["fact": name, "table": partition]))
      }
      // PostgreSQL knows which of these days have a partition of their own.
      _ = try connection.run(
        library.sql(
          "batch/insert_rare_facts", ["fact": name, "table": "\(name)_g\(staged.run)_rare"]))
      let days = parts.map { "\($0.day.key)" }
        .filter { present[PartName(fact: name, day: $0)] == nil }.sorted()
      _ = try connection.run(
        library.sql("batch/record_fact_partitions"),
        [.text(name), .textArray(days), .text(partition)])
    }
  }
}

/// Stretches of event time.
enum EventSpans {
  /// The spans, which are in order, with the smallest gaps between them closed until there are at most
  /// `limit`.
  static func merged(_ spans: [ClosedRange<Int64>], atMost limit: Int) -> [ClosedRange<Int64>] {
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
    return merged
  }
}
