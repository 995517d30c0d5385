import Metrics
import StarSchema
import Warehouse

/// How an incremental load's facts reach their days: each is inserted into the partition of its day, which is made first
/// where the day is new. Days with few facts share a partition, the default one, which a load makes when it first needs it.
struct FactPublication {
  private let staged: Staged
  private let connection: Connection
  private let library: SQLLibrary
  private let partitions: FactPartitions

  init(_ staged: Staged, _ connection: Connection, _ library: SQLLibrary) {
    self.staged = staged
    self.connection = connection
    self.library = library
    partitions = FactPartitions(connection: connection, library: library, build: staged.build)
  }

  /// Seconds to wait for readers of a fact's default partition, which PostgreSQL looks through whenever a day gets a
  /// partition of its own. Others wait behind this, so it is short; without a partition of its own a day's facts go to
  /// the default one.
  private static let patience = 0.04

  /// Makes empty partitions for new days, before the transaction that publishes the load: a statement that was planned without
  /// a partition, and run after the publication, would count the load's rollups and miss its facts. So no such statement
  /// may be left when the load is published.
  func makePartitionsAhead() throws {
    let present = try partitions.present()
    let shared = try partitions.shared()
    var made = false
    for part in staged.parts.keys where present[part] == nil {
      do {
        try makePartition(part)
        made = true
      } catch let error as WarehouseError
        where LockWaits.isLockFailure(error) && shared[part.fact] != nil
      {
        // The default partition takes the day's facts.
      }
    }
    for (fact, parts) in Dictionary(grouping: staged.rare, by: \.fact)
    where shared[fact] == nil && parts.contains(where: { present[$0] == nil }) {
      try connection.transaction {
        try connection.script(
          sql("attach_rare_fact", ["fact": fact.name, "build": "\(staged.build)"]))
      }
      made = true
    }
    if made { Cleaner(library: library).letOlderStatementsEnd(connection) }
  }

  private func makePartition(_ part: FactWriter.Part) throws {
    try connection.transaction {
      try LockWaits.limit(connection, library, seconds: Self.patience)
      let name = "\(part.fact.name)_g\(staged.run)_\(part.day.key)"
      try connection.script(
        sql(
          "make_fact_partition",
          [
            "table": name, "fact": part.fact.name, "build": "\(staged.build)",
            "day": "\(part.day.key)", "next_day": "\(part.day.next.key)",
          ]))
      try partitions.record([part: name])
    }
  }

  /// Call it in the transaction that publishes the load.
  func publish() throws {
    let present = try partitions.present()
    let shared = try partitions.shared()
    var inDefault: [FactWriter.Part: String] = [:]
    for (part, table) in staged.parts.sorted(by: { $0.value.name < $1.value.name }) {
      if let partition = present[part] {
        try insert(table.name, of: part.fact, "insert_fact", ["partition": partition])
      } else {
        try insert(
          table.name, of: part.fact, "insert_rare_facts",
          ["fact": part.fact.name, "build": "\(staged.build)"])
        inDefault[part] = shared[part.fact]
      }
    }
    try partitions.record(inDefault)
    for fact in Set(staged.few.map(\.fact)) {
      try insert(
        FactWriter.fewName(fact, staged.run), of: fact, "insert_rare_facts",
        ["fact": fact.name, "build": "\(staged.build)"])
    }
    for (fact, parts) in Dictionary(grouping: staged.rare, by: \.fact) {
      try publishRareDays(fact, parts.filter { present[$0] == nil })
    }
    // Readers plan with the new rows from the commit on, and the statements of this transaction from here on.
    try Statistics(connection: connection, library: library).lookAtFacts(of: staged)
    try StagedRows(connection: connection, library: library)
      .apply(staged.changes) { "parts.\(BuildTables(build: staged.build).name($0))" }
  }

  /// - Parameter new: the days that have no partition yet.
  private func publishRareDays(_ fact: FactTable, _ new: [FactWriter.Part]) throws {
    // Some of these days may have a partition of their own from an earlier load: PostgreSQL finds it.
    try insert(
      FactWriter.rareName(fact, staged.run), of: fact, "insert_rare_facts",
      ["fact": fact.name, "build": "\(staged.build)"])
    guard let partition = try partitions.shared(fact) else { return }
    try partitions.record(Dictionary(uniqueKeysWithValues: new.map { ($0, partition) }))
  }

  private func insert(
    _ table: String, of fact: FactTable, _ query: String, _ values: [String: String]
  ) throws(WarehouseError) {
    _ = try connection.run(
      library.sql(
        "batch/\(query)", values.merging(["table": table]) { _, new in new },
        lists: ["columns": fact.storedColumns]))
  }

  private func sql(_ name: String, _ values: [String: String]) throws(WarehouseError) -> String {
    try library.sql("batch/\(name)", values)
  }
}
