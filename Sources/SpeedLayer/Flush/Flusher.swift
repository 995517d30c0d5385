import EventLog
import Feed
import StarSchema
import Warehouse

/// Commits flushes, each in one transaction that holds the rows, the new members and the new offsets. The
/// rows go into the epoch that is the current one at that instant (docs/architecture.md, "The handoff").
final class Flusher {
  private let connection: Connection
  private let library: SQLLibrary
  private let members: MemberStore
  private let lockEpoch: String
  private let advanceProgress: String
  private let noteReached: String
  private let addWork: String
  /// Flushes that were committed, and how long they took, as far as no flush has told yet.
  private var untold = (flushes: 0, seconds: 0.0)

  /// Seconds that a flush may stand still between two statements before the server ends its session, which
  /// frees its locks.
  private static let idleLimit = 10.0

  init(databaseURL: String, library: SQLLibrary, applicationName: String) throws(WarehouseError) {
    connection = try Connection(
      url: databaseURL, applicationName: applicationName, idleTransactionSeconds: Self.idleLimit)
    self.library = library
    members = try MemberStore(connection: connection, library: library)
    lockEpoch = try library.sql("speed/lock_epoch")
    advanceProgress = try library.sql("speed/advance_progress")
    noteReached = try library.sql("speed/note_reached")
    addWork = try library.sql("speed/add_work")
  }

  /// Says how long the last flush took, for the next one to tell.
  func note(seconds: Double) { untold = (untold.flushes + 1, untold.seconds + seconds) }

  /// - Parameters:
  ///   - job: gives up its rows as they are sent.
  ///   - sign: called as the flush proceeds, so that a server that is slow is not taken for a call that never
  ///     returns.
  /// - Throws: `.conflict` where another worker or a load has moved an offset. Nothing is committed then, and
  ///   the worker must drop its state and start again from the committed offsets.
  func flush(_ job: inout FlushJob, sign: () -> Void) throws(WarehouseError) {
    try connection.transaction { () throws(WarehouseError) in
      let epoch = try connection.run(lockEpoch).int(0, 0)
      try advance(job.advances)
      sign()
      try members.insert(job.members, quarantined: job.quarantined)
      sign()
      try remember(job, epoch)
      try copy(&job.rows, epoch, sign)
      // Last, as another worker may wait for these rows when partitions have just changed hands.
      try tell(job)
    }
    untold = (0, 0)
  }

  /// Appends the rows, by one COPY for each table.
  private func copy(_ rows: inout [FlushJob.Rows], _ epoch: Int64, _ sign: () -> Void)
    throws(WarehouseError)
  {
    var next = 0
    while next < rows.count {
      let table = rows[next].table
      let stream = try connection.beginCopy(
        into: table.partition(epoch: epoch), columns: table.columns)
      while next < rows.count, rows[next].table == table {
        sign()
        try stream.send(rows: rows[next].bytes)
        rows[next].bytes = []
        next += 1
      }
      try stream.finish()
    }
  }

  /// What those who watch are told (migration 0050).
  private func tell(_ job: FlushJob) throws(WarehouseError) {
    if !job.reached.isEmpty {
      try connection.run(
        noteReached,
        [
          .textArray(job.reached.map(\.source.topic)),
          .intArray(job.reached.map { Int64($0.source.partition) }),
          .intArray(job.reached.map(\.greatest)), .intArray(job.reached.map(\.watermark)),
        ])
    }
    guard let least = job.advances.map(\.source.partition).min() else { return }
    let counts = job.counts
    try connection.run(
      addWork,
      [.int(Int64(least)), .int(Int64(untold.flushes)), .double(untold.seconds)]
        + [
          counts.listens, counts.auths, counts.pageViews, counts.late, counts.redelivered,
          counts.quarantined,
        ].map { .int(Int64($0)) })
  }

  private func remember(_ job: FlushJob, _ epoch: Int64) throws(WarehouseError) {
    try KernelMemory(connection: connection, library: library).save(job.replayPoints)
    if !job.late.isEmpty {
      _ = try connection.run(
        library.sql("speed/insert_late_events"),
        [
          .int(epoch), .textArray(job.late.map(\.source.topic)),
          .intArray(job.late.map { Int64($0.source.partition) }),
          .intArray(job.late.map(\.identity)), .intArray(job.late.map(\.ts)),
          .intArray(job.late.map { $0.isCertain ? 1 : 0 }),
        ])
    }
    if !job.marks.isEmpty {
      _ = try connection.run(
        library.sql("speed/insert_marks"),
        [
          .textArray(job.marks.map(\.source.topic)),
          .intArray(job.marks.map { Int64($0.source.partition) }),
          .intArray(job.marks.map(\.nextOffset)), .intArray(job.marks.map(\.greatest)),
          .intArray(job.marks.map(\.farthest)),
        ])
    }
  }

  private func advance(_ advances: [FlushJob.Advance]) throws(WarehouseError) {
    assert(
      zip(advances, advances.dropFirst()).allSatisfy { $0.source < $1.source },
      "a flush that locks out of order: \(advances.map(\.source))")
    let moved = try connection.run(
      advanceProgress,
      [
        .textArray(advances.map(\.source.topic)),
        .intArray(advances.map { Int64($0.source.partition) }),
        .intArray(advances.map(\.expected)),
        .intArray(advances.map(\.next)),
        .intArray(advances.map(\.replay.offset)),
        .textArray(advances.map(\.replay.watermark.stored)),
        .intArray(advances.map { $0.logEpoch?.rawValue ?? 0 }),
        .textArray(advances.map { $0.topicID?.rawValue ?? "" }),
      ]
    ).affected
    guard moved == Int64(advances.count) else {
      throw WarehouseError(
        .conflict,
        "Another worker or a load has moved this worker's offsets, or a topic was made anew; it starts again from where "
          + "they are",
        isRetriable: true)
    }
  }
}
