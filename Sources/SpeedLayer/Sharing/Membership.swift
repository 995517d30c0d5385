import EventLog
import EventModel
import Foundation
import StarSchema
import Support
import Synchronization
import Warehouse

/// A worker's place among the others: its lease, which a thread of its own renews, and the partitions that
/// are assigned to it.
///
/// A worker that no longer renews its lease, because it died, froze or lost the database, is buried by the
/// first worker or load that sees this, and the live workers claim its partitions by their shares. A worker
/// that hangs in a call which never returns lets its lease run out too, and its lease thread buries it: that
/// ends its sessions, and with them many such calls.
///
/// Leases do not keep the counts right. The expected offset of every flush does: two workers that both
/// believe that a partition is theirs cannot both commit a record of it.
final class Membership: Sendable {
  struct Timing: Sendable {
    /// Seconds without a renewal after which a worker counts as dead.
    var lease = 8.0
    /// Seconds between renewals, each of which is a look at the others, the log and the loads as well.
    var beat = 2.0
    /// Seconds without a sign of work after which the lease is not renewed.
    var silence = 20.0
  }

  /// What a worker reads during one life, and what it leaves alone.
  struct Claim: Sendable, Equatable {
    /// The partition numbers that the worker reads.
    var partitions: [Int32] = []
    /// Partition numbers of the worker that wait for a load, each with the number of the load's run.
    var reserved: [Int32: Int64] = [:]
    /// Stretches whose partition numbers are in the worker's share, and which it leaves to the next load.
    ///
    /// The log has dropped these records (retention) before the speed layer counted them. A worker that went on behind
    /// them would report lag 0 although they are not counted, so nobody reads the partition until a load has taken the
    /// records from the lake, or somebody accepts the loss.
    var lost: [LostRange] = []
    /// How many partitions each topic has.
    var counts: [String: Int] = [:]
    /// How many partition numbers there are: the partitions of the topic that has most.
    var total: Int { counts.values.max() ?? 0 }
  }

  private struct State {
    var workerID: Int64?
    var claim = Claim()
    /// Whether the worker's next claim would differ from its present one.
    var isChangeDue = false
    /// When the worker last showed that it works.
    var lastSign = ContinuousClock.now
  }

  private let databaseURL: String
  private let library: SQLLibrary
  private let log: any EventLog
  private let timing: Timing
  /// The session that the lease is tied to. Two threads use it, one at a time.
  private let session = Mutex<Connection?>(nil)
  private let state = Mutex(State())

  init(databaseURL: String, library: SQLLibrary, log: any EventLog, timing: Timing) {
    self.databaseURL = databaseURL
    self.library = library
    self.log = log
    self.timing = timing
  }

  /// Whether the worker should end its life and claim anew.
  var isChangeDue: Bool { state.withLock { $0.isChangeDue } }

  /// A sign of work: the worker's threads call this as they proceed.
  func sign() { state.withLock { $0.lastSign = .now } }

  /// Whether this worker was buried, because its lease ran out while it stood still. False where the database
  /// does not answer.
  func isBuried() -> Bool {
    guard let id = state.withLock({ $0.workerID }) else { return false }
    // Whoever buried the worker ended this session too: then the first try fails, and the second opens a new one.
    for _ in 0..<2 {
      if let isAlive = try? withSession({ try self.renew($0, id) }) { return !isAlive }
    }
    return false
  }

  /// The name of a session with the worker's number, by which the session is found when the worker is buried.
  func sessionName(_ name: String) -> String {
    state.withLock { state in
      state.workerID.map { "\(name) (worker \($0))" } ?? name
    }
  }

  // MARK: Claiming

  /// Claims the partitions of the worker's share that nobody else has, and gives back those outside its share.
  /// Call it between two lives, when all flushes of the former life are over.
  func claim() throws -> Claim {
    sign()
    return try withSession { connection in
      let id = try join(connection)
      _ = try connection.run(library.sql("speed/bury_workers"))
      let share = try look(connection, id).share
      let partitions = SQLValue.intArray(share.map { Int64($0) })
      // Two transactions, so that a worker that freezes between them holds no lock.
      _ = try connection.run(library.sql("speed/release_partitions"), [.int(id), partitions])
      _ = try connection.run(library.sql("speed/claim_partitions"), [.int(id), partitions])
      var view = try look(connection, id)
      // A partition that is still free now may be another worker's later, so it is left to the next claim.
      view.claim.partitions.removeAll(where: view.free.contains)
      state.withLock {
        $0.claim = view.claim
        $0.isChangeDue = view.hasExcess || !view.free.isEmpty
      }
      return view.claim
    }
  }

  private func withSession<T: Sendable>(_ body: @Sendable (Connection) throws -> T) throws -> T {
    try session.withLock { session in
      do {
        let connection = try session ?? openSession()
        session = connection
        return try body(connection)
      } catch {
        // The session may be the cause of the error, so the next call opens a new one.
        session = nil
        throw error
      }
    }
  }

  private func openSession() throws -> Connection {
    let connection = try Connection(
      url: databaseURL, applicationName: "polyrhythm speed lease", idleTransactionSeconds: 5)
    // Another worker may freeze half way through a statement and keep its locks.
    try connection.script("set lock_timeout = '3s'")
    return connection
  }

  /// - Returns: the worker's id: its present one while the lease holds, else that of a new registration.
  private func join(_ connection: Connection) throws -> Int64 {
    if let id = state.withLock({ $0.workerID }), try renew(connection, id) { return id }
    let id = try connection.run(
      library.sql("speed/register_worker"), [.text(ProcessName.own), .double(timing.lease)]
    ).int(0, 0)
    state.withLock { $0.workerID = id }
    return id
  }

  private func renew(_ connection: Connection, _ id: Int64) throws -> Bool {
    try connection.run(library.sql("speed/renew_lease"), [.int(id), .double(timing.lease)])
      .affected == 1
  }

  /// What a worker sees of the other workers, the log and the loads.
  private struct View {
    /// The claim that the worker could make now: the partitions of its share that are its own or nobody's.
    var claim = Claim()
    var share: [Int32] = []
    /// The partitions of the worker's share that nobody has.
    var free: Set<Int32> = []
    /// Where the log ends, of the partitions of the worker's share that have progress.
    var ends: [TopicPartition: Int64] = [:]
    /// Whether the worker has partitions beyond its share, as when other workers came while it claimed. Nobody
    /// else can claim these before it gives them back.
    var hasExcess = false
  }

  private func look(_ connection: Connection, _ id: Int64) throws -> View {
    var claim = Claim()
    for topic in Topic.allCases {
      claim.counts[topic.name] = try log.partitionCount(of: topic.name)
    }
    let live = try connection.run(library.sql("speed/live_workers"))
    let workers = try (0..<live.count).map { try live.int($0, 0) }
    var share = PartitionSharing.share(of: id, partitions: claim.total, workers: workers)
    let (losses, ends) = try lost(connection, share)
    claim.lost = losses
    let lost = Set(claim.lost.map(\.partition.partition))
    share.removeAll(where: lost.contains)
    let assigned = try connection.run(library.sql("speed/assignments"))
    var owners: [Int32: Int64] = [:]
    for row in 0..<assigned.count {
      owners[Int32(try assigned.int(row, 0))] = try assigned.int(row, 1)
    }
    let mine = share.filter { owners[$0] == nil || owners[$0] == id }
    let reserved = try connection.run(library.sql("speed/reserved_partitions"))
    for row in 0..<reserved.count {
      let partition = Int32(try reserved.int(row, 0))
      if mine.contains(partition) { claim.reserved[partition] = try reserved.int(row, 1) }
    }
    claim.partitions = mine.filter { claim.reserved[$0] == nil }
    assert(
      claim.partitions.count + claim.reserved.count == mine.count,
      "\(claim.partitions) and reserved \(claim.reserved.keys.sorted()), of \(mine)")
    return View(
      claim: claim, share: share, free: Set(share.filter { owners[$0] == nil }), ends: ends,
      hasExcess: owners.contains { $0.value == id && !share.contains($0.key) })
  }

  /// What the log has dropped before it was counted, and where it ends.
  private func lost(
    _ connection: Connection, _ share: [Int32]
  ) throws -> ([LostRange], [TopicPartition: Int64]) {
    let rows = try connection.run(
      library.sql("speed/read_progress"), [.intArray(share.map { Int64($0) })])
    var committed: [(source: TopicPartition, next: Int64, at: Int64)] = []
    for row in 0..<rows.count {
      let source = try rows.source(row)
      committed.append((source, try rows.int(row, 2), try rows.int(row, 6)))
    }
    let sources = committed.map(\.source)
    // Where the log does not say where a partition begins, opening a reader fails and says why.
    let bounds = (try? log.bounds(of: sources)) ?? boundsOneByOne(sources)
    let lost = committed.compactMap { source, next, at -> LostRange? in
      guard let start = bounds[source]?.start, next < start else { return nil }
      // Before offset 0 nothing was read yet, and so nobody knows when the records were there.
      return LostRange(source, next..<start, since: next > 0 ? at : nil)
    }
    return (lost, bounds.mapValues(\.end))
  }

  private func boundsOneByOne(_ sources: [TopicPartition]) -> [TopicPartition: LogBounds] {
    // Brokers that do not answer would be asked once for each partition.
    if log.dropsRecords { return [:] }
    var found: [TopicPartition: LogBounds] = [:]
    for source in sources { found[source] = try? log.bounds(of: [source])[source] }
    return found
  }

  // MARK: The lease

  /// The thread that renews the lease, buries dead workers and sees whether a new claim is due. At its end it
  /// gives the lease and the partitions back.
  func start() -> BackgroundWork {
    BackgroundWork("speed-lease") { [self] stop in
      while true {
        stop.wait(seconds: timing.beat)
        if stop.isRequested { break }
        // An error here is not reported: the worker meets the same database and says what is wrong with it.
        try? withSession { try beat($0) }
      }
      guard let id = state.withLock({ $0.workerID }) else { return }
      try withSession { _ = try $0.run(library.sql("speed/leave"), [.int(id)]) }
    }
  }

  private func beat(_ connection: Connection) throws {
    let (workerID, lastSign) = state.withLock { ($0.workerID, $0.lastSign) }
    guard let id = workerID else { return }
    if ContinuousClock.now - lastSign > .seconds(timing.silence) {
      _ = try connection.run(library.sql("speed/bury_workers"))
      return state.withLock { $0.isChangeDue = true }
    }
    guard try renew(connection, id) else {
      // Others have buried the worker: its next life registers anew.
      return state.withLock { $0.isChangeDue = true }
    }
    _ = try connection.run(library.sql("speed/bury_workers"))
    let view = try look(connection, id)
    note(view.ends, connection)
    state.withLock {
      if view.claim != $0.claim || view.hasExcess || !view.free.isEmpty { $0.isChangeDue = true }
    }
  }

  /// Tells those who watch where the log ends. A lease does not depend on it, and so not on whether it works.
  private func note(_ ends: [TopicPartition: Int64], _ connection: Connection) {
    let sorted = ends.sorted { $0.key < $1.key }
    _ = try? connection.run(
      library.sql("speed/note_ends"),
      [
        .textArray(sorted.map(\.key.topic)), .intArray(sorted.map { Int64($0.key.partition) }),
        .intArray(sorted.map(\.value)),
      ])
  }
}
