import EventLog
import EventModel
import Support

/// How far `--until-caught-up` has to go: the ends of the log as they were when the command began.
struct CatchUp {
  static let flag = Flag(
    "--until-caught-up", nil,
    "work up to the log's present end, then exit 0; stopped before, exit 75")

  private var ends: [TopicPartition: Int64] = [:]
  private var starts: [TopicPartition: Int64] = [:]

  /// - Throws: `EventLogError` where the log cannot be read.
  init(_ log: any EventLog) throws {
    for (source, bounds) in try log.bounds(of: log.partitions(of: Topic.allCases.map(\.name))) {
      ends[source] = bounds.end
      starts[source] = bounds.start
    }
  }

  /// Called at the end of a command that was stopped.
  /// - Parameter done: gives the first offset of a partition that is not worked off; nil where the work on the
  ///   partition has not begun.
  /// - Throws: `.temporaryFailure` with the number of records that are left, where there are any.
  func requireCaughtUp(_ command: String, _ done: (TopicPartition) throws -> Int64?) throws {
    var left: Int64 = 0
    for (source, end) in ends {
      left += max(0, end - max(try done(source) ?? 0, starts[source] ?? 0))
    }
    guard left > 0 else { return }
    throw CommandError(
      .temporaryFailure,
      "\(command): stopped with \(left.grouped) record\(left == 1 ? "" : "s") left before "
        + "it had caught up; start it again, it goes on from there")
  }
}
