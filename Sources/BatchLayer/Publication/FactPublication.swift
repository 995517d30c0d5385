import Foundation
import Metrics
import StarSchema
import Warehouse

/// How an incremental load's facts reach their days: each is inserted into the partition of its day, which is made first
/// where the day is new. Days with few facts share a partition, the default one of the table that they stand in, which a load
/// makes when it first needs it.
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

  /// Bytes of a default partition beyond which days get none of their own beside it: readers would wait for longer while
  /// PostgreSQL looks through it.
  private static let largeDefault: Int64 = 16 << 20

  /// How often a load may ask in vain for a moment in which nobody plans or runs a statement with a table whose partitions get
  /// other numbers (`FactTree.renumbered`). After that it goes on without.
  private static let asked = 12

  /// Makes empty partitions for new days, before the transaction that publishes the load: a statement that was planned without
  /// a partition, and run after the publication, would count the load's rollups and miss its facts. So no such statement
  /// may be left when the load is published.
  func makePartitionsAhead() throws {
    let present = try partitions.present()
    var trees = try partitions.trees(present)
    var sharing = staged.rare.filter { present[$0] == nil }
    var made = false
    var asked = Self.asked
    for part in staged.parts.keys.sorted(by: { $0.day < $1.day }) where present[part] == nil {
      guard let tree = trees[part.fact] else { continue }
      if let shared = tree.shared(for: part.day), try isLarge(shared) {
        sharing.insert(part)
        continue
      }
      do {
        trees[part.fact] = try makePartition(part, in: tree, asking: &asked)
        made = true
      } catch let error as WarehouseError
        where LockWaits.isLockFailure(error) && tree.shared(for: part.day) != nil
      {
        // The default partition takes the day's facts.
        sharing.insert(part)
      }
    }
    // Last, as it follows the months that have got a table which partition takes a day's facts.
    for part in sharing {
      guard var tree = trees[part.fact], tree.shared(for: part.day) == nil else { continue }
      try connection.transaction { () throws(WarehouseError) in
        try tree.makeDefault(tree.month(forFactsOf: part.day), connection, library)
      }
      trees[part.fact] = tree
      made = true
    }
    if made { Cleaner(library: library).letOlderStatementsEnd(connection) }
  }

  private func isLarge(_ partition: String) throws(WarehouseError) -> Bool {
    try connection.run(sql("table_bytes", [:]), [.text(partition)]).int(0, 0) > Self.largeDefault
  }

  /// - Parameter asked: how often the load may still ask for a moment without statements.
  /// - Returns: the tree with the partition.
  private func makePartition(
    _ part: FactWriter.Part, in tree: FactTree, asking asked: inout Int
  ) throws -> FactTree {
    guard let table = tree.renumbered(by: part.day) else {
      return try makePartition(part, in: tree)
    }
    while asked > 0 {
      do {
        return try makePartition(part, in: tree, alone: table)
      } catch let error as WarehouseError
        where LockWaits.isLockFailure(error) && tree.shared(for: part.day) == nil
      {
        asked -= 1
        Thread.sleep(forTimeInterval: LockWaits.pause)
      }
    }
    return try makePartition(part, in: tree)
  }

  /// - Parameter table: one that nobody else plans or runs a statement with meanwhile.
  /// - Returns: the tree with the partition.
  private func makePartition(
    _ part: FactWriter.Part, in tree: FactTree, alone table: String? = nil
  ) throws -> FactTree {
    var tree = tree
    try connection.transaction {
      // PostgreSQL looks through a default partition whenever a day gets one of its own. Where readers of it do not let that happen
      // in time, the day's facts go to the default one.
      try LockWaits.limit(connection, library, seconds: LockWaits.forNoReaders)
      let name = "\(part.fact.name)_g\(staged.run)_\(part.day.key)"
      try connection.script(
        sql(
          "make_fact_partition",
          [
            "table": name, "fact": part.fact.name, "build": "\(staged.build)",
            "day": "\(part.day.key)", "next_day": "\(part.day.next.key)",
          ]))
      if let table { try connection.script(sql("hold_planners_off", ["table": table])) }
      try tree.attach(name, as: part.day, connection, library)
      try partitions.record([part: name])
    }
    return tree
  }

  /// Call it in the transaction that publishes the load.
  func publish() throws {
    let present = try partitions.present()
    let new = Set(staged.parts.keys).union(staged.rare).filter { present[$0] == nil }
    for (part, table) in staged.parts.sorted(by: { $0.value.name < $1.value.name }) {
      if let partition = present[part] {
        try insert(table.name, of: part.fact, "insert_fact", ["partition": partition])
      } else {
        try deal(table.name, of: part.fact)
      }
    }
    for fact in Set(staged.few.map(\.fact)) {
      try deal(FactWriter.fewName(fact, staged.run), of: fact)
    }
    for fact in Set(staged.rare.map(\.fact)) {
      try deal(FactWriter.rareName(fact, staged.run), of: fact)
    }
    let trees = try partitions.trees(present)
    var tables: [FactWriter.Part: String] = [:]
    for part in new { tables[part] = trees[part.fact]?.shared(for: part.day) }
    try partitions.record(tables)
    // Readers plan with the new rows from the commit on, and the statements of this transaction from here on.
    try Statistics(connection: connection, library: library).lookAtFacts(of: staged)
    try StagedRows(connection: connection, library: library)
      .apply(staged.changes) { "parts.\(BuildTables(build: staged.build).name($0))" }
  }

  /// Inserts facts of several days, which PostgreSQL deals to their partitions.
  private func deal(_ table: String, of fact: FactTable) throws(WarehouseError) {
    try insert(
      table, of: fact, "insert_rare_facts", ["fact": fact.name, "build": "\(staged.build)"])
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
