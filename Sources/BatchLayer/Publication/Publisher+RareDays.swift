import Warehouse

/// Days with few facts share a partition: the default one, which takes the rows of every day without a
/// partition of its own. A load makes the default partition when it first needs it. Whenever a day gets a
/// partition, PostgreSQL looks through the default one and keeps readers out of it meanwhile; it is small.
extension Publisher {
  /// Inserts the staged facts of days that have few, and notes which table has these days' facts now.
  /// - Parameter present: the table that has a day's facts before this load.
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
      // Some of these days may have a partition of their own from an earlier load: PostgreSQL finds it.
      _ = try connection.run(
        library.sql(
          "batch/insert_rare_facts", ["fact": name, "table": FactWriter.rareName(fact, staged.run)])
      )
      let days = parts.map { "\($0.day.key)" }
        .filter { present[PartName(fact: name, day: $0)] == nil }.sorted()
      _ = try connection.run(
        library.sql("batch/record_fact_partitions"),
        [.text(name), .textArray(days), .text(partition)])
    }
  }
}
