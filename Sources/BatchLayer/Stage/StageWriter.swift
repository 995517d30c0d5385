import Support
import Synchronization
import Warehouse

/// A table of the schema `stage`: what it is called and how it is made.
struct StageTable: Sendable, Hashable {
  /// Without the schema.
  var name: String
  /// The query that makes it, and its values.
  var makeQuery: String
  var makeValues: [String: String]
  /// The query that completes it once it is filled, where there is one.
  var finishQuery: String?
  var finishValues: [String: String] = [:]
  var finishLists: [String: [String]] = [:]
  /// Those that its rows are written with.
  var columns: [String]
}

extension StageTable {
  /// Makes the table, empty and complete.
  func make(_ connection: Connection, _ library: SQLLibrary) throws(WarehouseError) {
    try connection.script(library.sql(makeQuery, makeValues))
    try finish(connection, library)
  }

  /// Completes the table once it is filled.
  func finish(_ connection: Connection, _ library: SQLLibrary) throws(WarehouseError) {
    guard let finishQuery else { return }
    try connection.script(library.sql(finishQuery, finishValues, lists: finishLists))
  }
}

/// Writes staged rows on dedicated connections, a table always on the same one. Between two commits
/// each connection has one transaction, in which it makes its tables, so that PostgreSQL can skip the
/// write-ahead log for them (`wal_level = minimal`), and at the end of which it completes them.
final class StageWriter {
  private struct Job: Sendable {
    var table: StageTable
    var bytes: [UInt8]
  }

  private struct Lane {
    var queue: BoundedQueue<Job>
    var worker: Worker<Set<String>>
  }

  private struct Lanes {
    var all: [Lane] = []
    /// Which lane writes a table, and the bytes that each lane was given.
    var assigned: [String: Int] = [:]
    var sent: [Int] = []

    /// The lane of a table: where it was before, else the one that has had the least to do.
    mutating func assign(_ table: String, bytes: Int) -> Lane {
      let lane = assigned[table] ?? sent.indices.min { sent[$0] < sent[$1] } ?? 0
      assigned[table] = lane
      sent[lane] += bytes
      return all[lane]
    }

    /// Takes all lanes.
    mutating func take() -> [Lane] {
      defer { self = Lanes() }
      return all
    }
  }

  private let databaseURL: String
  private let library: SQLLibrary
  private let connections: Int
  private let abandoned = StopToken()
  /// Facts and rollups come from two threads.
  private let lanes = Mutex(Lanes())
  /// Tables that are committed.
  private(set) var made: Set<String> = []

  /// - Parameter connections: how many tables are written at the same time.
  init(databaseURL: String, library: SQLLibrary, connections: Int) {
    self.databaseURL = databaseURL
    self.library = library
    self.connections = connections
  }

  private func start() -> Lanes {
    let lanes = (0..<connections).map { _ in
      let queue = BoundedQueue<Job>(limit: 8)
      let worker = Worker("load-write") { [databaseURL, library, made, abandoned] in
        defer { queue.close(discarding: true) }
        return try Self.write(queue, databaseURL, library, made, abandoned)
      }
      return Lane(queue: queue, worker: worker)
    }
    return Lanes(all: lanes, sent: Array(repeating: 0, count: connections))
  }

  /// - Returns: the tables made.
  private static func write(
    _ queue: BoundedQueue<Job>, _ url: String, _ library: SQLLibrary, _ existing: Set<String>,
    _ abandoned: StopToken
  ) throws -> Set<String> {
    let connection = try Connection(url: url, applicationName: "polyrhythm load write")
    return try connection.transaction {
      var made: [StageTable] = []
      var known = existing
      while let job = queue.take() {
        if known.insert(job.table.name).inserted {
          try connection.script(library.sql(job.table.makeQuery, job.table.makeValues))
          made.append(job.table)
        }
        let stream = try connection.beginCopy(
          into: "stage.\(job.table.name)", columns: job.table.columns,
          frozen: !existing.contains(job.table.name))
        try stream.send(rows: job.bytes)
        try stream.finish()
      }
      if abandoned.isRequested { throw Self.givenUp }
      for table in made { try table.finish(connection, library) }
      return Set(made.map(\.name))
    }
  }

  /// Hands over the buffer's rows and empties it.
  /// - Throws: the writing connection's error, where it has failed.
  func write(_ buffer: CopyBuffer, to table: StageTable) throws {
    guard buffer.rowCount > 0 else { return }
    let rows = Array(buffer.bytes)
    buffer.removeAll()
    try write(rows, to: table)
  }

  /// Hands over COPY rows.
  /// - Throws: the writing connection's error, where it has failed.
  func write(_ rows: [UInt8], to table: StageTable) throws {
    let lane = try lanes.withLock { lanes in
      // What is given up must not begin anew.
      if abandoned.isRequested { throw Self.givenUp }
      if lanes.all.isEmpty { lanes = start() }
      return lanes.assign(table.name, bytes: rows.count)
    }
    if !lane.queue.put(Job(table: table, bytes: rows)) { try lane.worker.wait() }
  }

  private static var givenUp: LoadError { LoadError(.stopped, "The load was given up") }

  /// Commits what was written; what is written next goes into new transactions.
  func commit() throws {
    let lanes = lanes.withLock { $0.take() }
    for lane in lanes { lane.queue.close() }
    var failure: (any Error)?
    for lane in lanes {
      do { made.formUnion(try lane.worker.wait()) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }

  /// Gives up what is not committed, and waits until that is over.
  func abandon() {
    abandoned.request()
    let lanes = lanes.withLock { $0.take() }
    for lane in lanes { lane.queue.close(discarding: true) }
    for lane in lanes { _ = try? lane.worker.wait() }
  }
}
