import EventLog
import Feed
import Metrics
import StarSchema
import Warehouse

/// What one flush commits: everything that came of the records between two sets of offsets.
struct FlushJob: Sendable {
  /// How far one partition's committed offset moves.
  struct Advance: Sendable {
    var source: TopicPartition
    /// The committed offset as it must be in the database; where it is another one the flush is refused.
    var expected: Int64
    /// The offset that is committed instead.
    var next: Int64
    var replay: ReplayPoint
    /// The log epoch of the record below `next`; set by `secure`.
    var logEpoch: LogEpoch?
    /// The id of the topic after all of the records were read; set by `secure`, nil where it is not known.
    var topicID: TopicID?
  }

  /// How far event time has come in one partition, milliseconds since 1970.
  struct Reached: Sendable {
    var source: TopicPartition
    var greatest: Int64
    /// `greatest` less the allowed lateness.
    var watermark: Int64
  }

  /// A piece of a table's rows in PostgreSQL's binary COPY format; the pieces of one table follow each other.
  struct Rows: Sendable {
    var table: SpeedTable
    /// A row may begin in one piece and end in the next one. Empty once the piece is sent.
    var bytes: [UInt8]
    /// The rows of this piece and of those that go on where it ends; 0 of a piece that goes on.
    var count: Int
  }

  /// Bytes in a piece, and less than twice as many: pieces of one size fit into each other's memory, flush after flush.
  private static let pieceBytes = 1 << 20

  var advances: [Advance]
  var rows: [Rows]
  var members: NewMembers
  var quarantined: [QuarantinedRecord]
  /// Events counted outside the window; the database remembers them, so that they are recognised when they
  /// come again.
  var late: [LateEvents.Counted] = []
  var marks: [WatermarkMarks.Mark] = []
  /// How far event time has come with these records.
  var reached: [Reached] = []
  /// What came of these records.
  var counts = FeedCounts()
  /// Places that the partitions can be read again from.
  var replayPoints: [TopicPartition: [ReplayPoint]] = [:]
  /// How many records were read for this flush.
  var records: Int

  /// Takes what the kernels have put out so far.
  /// - Parameters:
  ///   - plays: what the feeds' kernels write plays to.
  ///   - actions: what they write page views and logins to.
  ///   - buffer: is used for the rows meanwhile.
  init(
    feed: KernelFeeds, from: [TopicPartition: Int64], records: Int, plays: [PlayRows],
    actions: [ActionRows], buffer: CopyBuffer
  ) {
    let replays = feed.replayPoints()
    advances = []
    for (source, next) in feed.positions {
      guard let expected = from[source], let replay = replays[source] else { continue }
      precondition(next >= expected, "\(source): a flush from \(expected) back to \(next)")
      precondition(
        replay.offset <= next, "\(source): read again from \(replay.offset), after \(next)")
      advances.append(Advance(source: source, expected: expected, next: next, replay: replay))
    }
    // Always in one order, so that two workers' transactions cannot wait for each other in a circle.
    advances.sort { $0.source < $1.source }
    let passed = advances.reduce(0) { $0 + $1.next - $1.expected }
    assert(records <= passed, "\(records) records of \(passed) offsets")
    let all = feed.gather()
    var rows: [Rows] = []
    func take(_ buffer: CopyBuffer, _ table: SpeedTable) {
      var (rest, count) = (buffer.bytes[...], buffer.rowCount)
      while !rest.isEmpty {
        let piece = rest.prefix(rest.count < 2 * Self.pieceBytes ? rest.count : Self.pieceBytes)
        rows.append(Rows(table: table, bytes: Array(piece), count: count))
        (rest, count) = (rest.dropFirst(piece.count), 0)
      }
      buffer.removeAll()
    }
    buffer.removeAll()
    for rollup in Rollup.allCases {
      all.drainRows(rollup.table(.minute)) { _ in
        if buffer.byteCount >= Self.pieceBytes { take(buffer, .minutes(rollup)) }
        return buffer
      }
      take(buffer, .minutes(rollup))
    }
    for plays in plays { take(plays.buffer, .plays) }
    for actions in actions { take(actions.buffer, .actions) }
    self.rows = rows
    members = feed.takeMembers()
    quarantined = feed.takeQuarantined()
    self.records = records
  }

  /// Returns when all records that are to be committed are on the log's storage device, so that an offset in
  /// the database never lies beyond what survives a power failure. Notes the log epoch of each offset, and the topics' ids.
  mutating func secure(in log: any EventLog) throws(EventLogError) {
    let ids = try topicIDs(in: log)
    for index in advances.indices {
      let (source, next) = (advances[index].source, advances[index].next)
      try log.sync(source, upTo: next)
      advances[index].logEpoch = try log.epoch(of: source, before: next)
      advances[index].topicID = ids[source.topic]
    }
  }

  /// Brokers that do not answer keep nobody from committing what was read: the next flush asks again.
  private func topicIDs(in log: any EventLog) throws(EventLogError) -> [String: TopicID] {
    do throws(EventLogError) {
      return try log.topicIDs(of: Set(advances.map(\.source.topic)).sorted())
    } catch {
      guard error.code == .unavailable else { throw error }
      return [:]
    }
  }
}
