import EventLog
import EventModel
import Warehouse

/// How far the speed layer is behind the log.
struct LogLag {
  /// Records that the log has; offsets without a record count too, as nobody knows them but by reading.
  private(set) var records: Int64 = 0
  /// Records that the speed layer has not committed, those that the log has dropped meanwhile among them.
  private(set) var behind: Int64 = 0
  /// Records that the log has dropped before they were counted, and whose loss nobody has accepted.
  private(set) var lost: [LostRange] = []

  /// - Throws: `EventLogError` where the log cannot be read, or where the log up to the committed offsets does not hold
  ///   the records that were committed.
  init(_ log: any EventLog, _ connection: Connection, _ library: SQLLibrary) throws {
    let bounds = try log.bounds(of: log.partitions(of: Topic.allCases.map(\.name)))
    let rows = try connection.run(library.sql("batch/read_speed_progress"))
    var committed: [TopicPartition: Int64] = [:]
    var epochs: [TopicPartition: LogEpoch] = [:]
    var readAt: [TopicPartition: Int64] = [:]
    var ids: [(topic: String, id: TopicID)] = []
    for row in 0..<rows.count {
      let source = TopicPartition(try rows.text(row, 0), Int32(try rows.int(row, 1)))
      committed[source] = try rows.int(row, 2)
      epochs[source] = LogEpoch(rawValue: try rows.intOrNull(row, 3) ?? 0)
      readAt[source] = try rows.int(row, 5)
      if let id = rows.textOrNull(row, 4).flatMap(TopicID.init(rawValue:)) {
        ids.append((source.topic, id))
      }
    }
    // Topics that lie together in one have the same records: these count once, and are left until all have passed them.
    var behindOfMixed: [Int32: Int64] = [:]
    for (source, bounds) in bounds.sorted(by: { $0.key < $1.key }) {
      let next = committed[source] ?? (log.dropsRecords ? 0 : bounds.start)
      let left = max(0, bounds.end - next)
      if log.mixedTopics.contains(source.topic) {
        let known = behindOfMixed[source.partition]
        if known == nil { records += max(0, bounds.end - bounds.start) }
        behindOfMixed[source.partition] = max(known ?? 0, left)
      } else {
        records += max(0, bounds.end - bounds.start)
        behind += left
      }
      if next < bounds.start {
        lost.append(
          LostRange(source, next..<bounds.start, since: next > 0 ? readAt[source] : nil))
      }
    }
    behind += behindOfMixed.values.reduce(0, +)
    let found = try log.topicIDs(of: Topic.allCases.map(\.name))
    for (topic, id) in ids where diverged == nil {
      do throws(EventLogError) {
        try log.requireSameTopics([topic: id], found, that: "the database has counted")
      } catch {
        diverged = error
      }
    }
    for (source, next) in committed.sorted(by: { $0.key < $1.key }) where diverged == nil {
      do throws(EventLogError) {
        try log.verify(source, committed: next, epoch: epochs[source])
      } catch {
        diverged = error
      }
    }
  }

  /// What is wrong with the log, where something is.
  private var diverged: EventLogError?

  /// One line for a person; nil where nothing is wrong.
  var problem: String? {
    if let diverged { return diverged.message }
    guard let first = lost.first else { return nil }
    return
      "dropped (retention) before they were counted: \(first)"
      + (lost.count > 1 ? ", and records of \(lost.count - 1) more partitions" : "")
      + "; polyrhythm load takes them from the lake, or speed --accept-loss goes on without them"
  }
}
