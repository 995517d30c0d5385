import EventLog
import Feed
import Metrics
import StarSchema
import Support
import Warehouse

/// Everything that a load writes before it publishes.
final class Stage {
  let writer: StageWriter
  let facts: FactWriter
  let rollups: RollupWriter
  private let numbers: LoadNumbers
  private let minutesFrom: Int32?
  private let library: SQLLibrary
  private let memberConnection: Connection
  private let members: MemberStore
  private let keepsMembers: Bool
  /// Writes the rows of complete minutes while the feeds go on.
  private var writing: Worker<Void>?

  /// - Parameters:
  ///   - minutesFrom: minutes since 1970, at the start of an hour; what is older is counted by the hour at once. nil counts
  ///     all by the minute.
  ///   - keepsMembers: whether new members and quarantined records are written to the warehouse; a
  ///     check must not write them.
  init(
    _ numbers: LoadNumbers, configuration: BatchLoader.Configuration, library: SQLLibrary,
    minutesFrom: Int32?, keepsMembers: Bool = true
  ) throws {
    self.keepsMembers = keepsMembers
    self.minutesFrom = minutesFrom
    self.library = library
    self.numbers = numbers
    writer = StageWriter(
      databaseURL: configuration.databaseURL, library: library,
      connections: configuration.connections)
    memberConnection = try Connection(
      url: configuration.databaseURL, applicationName: "polyrhythm load members",
      idleTransactionSeconds: LoadLock.lease)
    facts = FactWriter(
      numbers, writer: writer, width: configuration.threads,
      ownDays: try configuration.ownDays ?? Self.ownDays(memberConnection, library),
      small: numbers.isFull ? [:] : try Self.smallDays(memberConnection, library, numbers.build),
      present: try Self.present(memberConnection, library, numbers),
      // A check compares the staged table of each fact with what is published.
      joinsViews: keepsMembers)
    rollups = RollupWriter(numbers, writer: writer)
    members = try MemberStore(connection: memberConnection, library: library)
  }

  /// Locks of the server that one partition of a fact needs while a load is published: for the partition, its
  /// index, the table of its long values and the index of that table; and as many for the partition that it
  /// replaces.
  private static let locksOfAPartition = 8

  /// How many days may have partitions of their own although they have few facts: as many as half the locks of
  /// the server are enough for.
  private static func ownDays(_ connection: Connection, _ library: SQLLibrary) throws -> Int {
    let locks = try connection.run(library.sql("batch/lock_capacity")).int(0, 0)
    return Int(locks) / 2 / (locksOfAPartition * FactTable.allCases.count)
  }

  /// How many days with few facts have partitions of their own already, by fact.
  private static func smallDays(
    _ connection: Connection, _ library: SQLLibrary, _ build: Int64
  ) throws -> [FactTable: Int] {
    var days: [FactTable: Int] = [:]
    for fact in FactTable.allCases {
      let rows = try connection.run(
        library.sql("batch/small_days"),
        [
          .text("parts.\(BuildTables(build: build).name(fact))"),
          .int(Int64(FactWriter.manyRows)),
        ])
      days[fact] = Int(try rows.int(0, 0))
    }
    return days
  }

  /// Opens feeds that write to this stage.
  /// - Parameters, throws: as `KernelFeeds` has them.
  func feeds(
    of lake: any EventLog, _ starts: [KernelFeed.Start], _ configuration: Kernel.Configuration,
    ahead: [TopicPartition: [CountedAhead]] = [:],
    history: @escaping (TopicPartition, Int64) throws -> ReplayPoint? = { _, _ in nil }
  ) throws(EventLogError) -> KernelFeeds {
    try KernelFeeds(
      log: lake, starts: starts, threads: facts.collectors.count,
      hoursBefore: minutesFrom ?? Int32.min, configuration: configuration, ahead: ahead,
      history: history
    ) { [facts] kernel, number in
      kernel.defersOutOfWindow = true
      kernel.facts = facts.collectors[number]
    }
  }

  /// The parts that facts of an incremental load are added to.
  private static func present(
    _ connection: Connection, _ library: SQLLibrary, _ numbers: LoadNumbers
  ) throws(WarehouseError) -> Set<FactWriter.Part> {
    guard !numbers.isFull, numbers.days == nil, numbers.run > 0 else { return [] }
    let partitions = FactPartitions(
      connection: connection, library: library, build: numbers.build)
    return Set(try partitions.present().keys)
  }

  /// Minutes for which nearly all plays can still change the minute in which they began: a song, the allowed
  /// lateness and some more. Rows that change later are right too, only slower.
  private static let settlingMinutes: Int32 = 25

  /// Drops the tables that a load that died, or one that is over, has left in the schema `stage`.
  static func empty(_ control: Connection, _ library: SQLLibrary) throws(WarehouseError) {
    let tables = try control.run(library.sql("batch/stage_tables"))
    for row in 0..<tables.count {
      try control.script(library.sql("batch/drop_table", ["table": try tables.text(row, 0)]))
    }
  }

  /// Reads all records between the starts and their ends, and writes what is complete meanwhile.
  /// - Parameters:
  ///   - check: called before each step; what it throws ends the reading.
  ///   - progress: called with the number of records read so far, and of all.
  ///   - behind: says, with the number of records left, that the lake has given nothing for its patience.
  func read(
    _ feed: KernelFeeds, _ starts: [KernelFeed.Start], _ configuration: BatchLoader.Configuration,
    check: () throws -> Void, progress: (Int, Int) -> Void, behind: (Int) -> String
  ) throws {
    let total = starts.reduce(0) { $0 + Int(max(0, ($1.end ?? 0) - $1.from)) }
    var done = 0
    var lastRecord = ContinuousClock.now
    while !feed.isFinished {
      try check()
      let read = try feed.step(wait: true)
      guard !feed.needsHistory else { throw LoadError.forgotten }
      if read > 0 {
        done += read
        lastRecord = ContinuousClock.now
        try writeComplete(feed, above: configuration.rollupRows)
        progress(done, total)
      } else if ContinuousClock.now - lastRecord > .seconds(configuration.lakePatience) {
        throw LoadError(.lakeBehind, behind(total - done))
      }
    }
  }

  /// Hands over the facts of the records read so far, and writes the rollup rows of minutes that are complete,
  /// once more than `limit` rows are in memory.
  /// - Throws: the error of a connection that writes, where one has failed.
  func writeComplete(_ feed: KernelFeeds, above limit: Int) throws {
    try facts.handOver()
    guard feed.rowCount > limit else { return }
    feed.forgetPast()
    let common = feed.commonTime
    let bound =
      common == Int64.max || common == Int64.min
      ? nil : Int32(truncatingIfNeeded: common / 60_000) - Self.settlingMinutes
    if let bound { try write(feed, before: bound) }
    // Where partitions are far apart in time few minutes are complete: then all are written, to keep memory flat.
    if feed.rowCount > limit * 8 { try write(feed, before: nil) }
    try commitMembers(feed)
  }

  /// Gives the rows of minutes before `bound` to a thread that writes them, once it has written those before.
  private func write(_ feed: KernelFeeds, before bound: Int32?) throws {
    try writing?.wait()
    let rows = feed.take(before: bound)
    nonisolated(unsafe) let rollups = rollups
    writing = Worker("load-rollups") {
      try rollups.drain(rows.joined(), before: bound)
      rows.removeAll()
    }
  }

  /// Inserts new members at once, in a short transaction: the dimensions are live, and a flush of the speed
  /// layer that meets the same member must not wait for a load.
  private func commitMembers(_ feed: KernelFeeds) throws {
    let new = feed.takeMembers()
    let quarantined = feed.takeQuarantined()
    guard keepsMembers, !new.isEmpty || !quarantined.isEmpty else { return }
    try memberConnection.transaction { () throws(WarehouseError) in
      try members.insert(new, quarantined: quarantined)
    }
  }

  /// Writes and commits all that has been counted so far.
  func commit(_ feed: KernelFeeds) throws {
    try writing?.wait()
    try rollups.drain(feed.gather(), before: nil)
    try facts.flush()
    try commitMembers(feed)
    try writer.commit()
  }

  /// Counts the events that were deferred as out of the window, and that no table of facts has. They touch
  /// no state of a kernel, so that they can be counted after everything else; the rows counted so far must
  /// be committed.
  /// - Parameter published: the partitions, with their schema, that have the facts of earlier loads.
  func settleDeferred(
    _ feed: KernelFeeds, _ control: Connection, published: [FactWriter.Part: String] = [:]
  ) throws {
    var outOfWindow = OutOfWindow(connection: control, library: library)
    if numbers.days != nil { outOfWindow.newOfLeftOut = { try self.newOfLeftOut($0, control) } }
    let build = BuildTables(build: numbers.build)
    let tables = OutOfWindow.Tables(
      staged: { part in
        let staged = self.facts.table(part).name
        return self.writer.made.contains(staged) ? "stage.\(staged)" : nil
      }, published: published, whole: { "parts.\(build.name($0))" },
      hoursOfUsers: published.isEmpty
        ? nil : "parts.\(build.name(Rollup.user.table(.hour)))")
    var records: [DeferredRecord] = []
    func settle() throws {
      let verdicts = try outOfWindow.judge(records, tables: tables)
      try feed.settleDeferred(records, as: verdicts)
      try commit(feed)
      records = []
    }
    for (source, offsets) in feed.deferred.sorted(by: { $0.key < $1.key }) {
      var left = offsets[...]
      while !left.isEmpty {
        let part = left.prefix(OutOfWindow.chunk - records.count)
        left = left.dropFirst(part.count)
        records += try feed.readDeferred(source, at: part)
        if records.count >= OutOfWindow.chunk { try settle() }
      }
    }
    if !records.isEmpty { try settle() }
  }

  /// A load that makes some days anew has no facts of the others to look events up in. What is published of such a day comes
  /// from the same records, though: what it has beyond the events that were counted in the window came outside of it.
  private func newOfLeftOut(_ part: FactWriter.Part, _ control: Connection) throws -> Int? {
    guard !numbers.covers(part.day) else { return nil }
    let start = Int64(part.day.number) * KnownFacts.dayMs
    let published = try BuildTables(build: numbers.build).places(part.fact).count(
      control, library, from: .timestamp(milliseconds: start),
      to: .timestamp(milliseconds: start + KnownFacts.dayMs))
    let ofPlays = part.fact == .pageView ? facts.viewsOfPlays(part.day) : 0
    return max(0, Int(published) - facts.leftOut[part, default: 0] - ofPlays)
  }

  /// Writes and commits when each user was seen. Call once, after everything else.
  func commitUsers() throws {
    try facts.flushUsers()
    try writer.commit()
  }

  func staged(
    cut: Cut, replays: [TopicPartition: ReplayPoint], finalBefore: Int64?, minutesFrom: Int32?
  ) -> Staged {
    let tables = { (tables: Set<RollupTable>, table: (RollupTable) -> StageTable) in
      Dictionary(uniqueKeysWithValues: tables.map { ($0, table($0)) })
    }
    return Staged(
      numbers: numbers, cut: cut, replays: replays, finalBefore: finalBefore,
      parts: Dictionary(uniqueKeysWithValues: facts.parts(in: .own).map { ($0, facts.table($0)) }),
      rare: facts.parts(in: .rare),
      few: facts.parts(in: .few),
      changes: facts.factChanges,
      users: facts.hasUsers ? facts.userTable : nil,
      spans: facts.spans,
      touched: facts.touched,
      factCounts: facts.counts,
      rollups: tables(rollups.tables, rollups.mainTable),
      lateRollups: tables(rollups.lateTables, rollups.lateTable), minutesFrom: minutesFrom)
  }
}
