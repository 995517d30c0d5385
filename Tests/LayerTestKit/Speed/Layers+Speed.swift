import EventLog
import EventModel
import LayerTestKit
import SpeedLayer
import Support
import TestKit
import Warehouse

extension Layers {
  /// Small flushes, so that few records make many of them.
  public func speedConfiguration(_ flushInterval: Double = 0.02, recordsPerFlush: Int = 700)
    -> SpeedWorker.Configuration
  {
    var configuration = SpeedWorker.Configuration(databaseURL: database.url)
    configuration.flushInterval = flushInterval
    configuration.recordsPerFlush = recordsPerFlush
    configuration.lookInterval = 0.2
    // Simulated days are long over, and are to be the present all the same.
    configuration.presentSeconds = .infinity
    return configuration
  }

  /// Runs the speed layer up to the log's present end.
  public func catchUp(recordsPerFlush: Int = 700) throws {
    var configuration = speedConfiguration(recordsPerFlush: recordsPerFlush)
    configuration.untilCaughtUp = true
    try SpeedWorker(log: log.log, library: library, configuration: configuration)
      .run(stop: StopToken())
  }

  /// A speed worker on a thread of its own, until `stop` is requested.
  public func startSpeed(
    _ stop: StopToken, _ configuration: SpeedWorker.Configuration,
    report: @escaping @Sendable (SpeedWorker.Report) -> Void = { _ in }
  ) -> Worker<Void> {
    Worker("test-speed") { [log, library] in
      try SpeedWorker(
        log: log.log, library: library, configuration: configuration, report: report
      ).run(stop: stop)
    }
  }

  /// A speed worker with small flushes, on a thread of its own, until `stop` is requested.
  public func startSpeed(
    _ stop: StopToken, report: @escaping @Sendable (SpeedWorker.Report) -> Void = { _ in }
  ) -> Worker<Void> {
    startSpeed(stop, speedConfiguration(), report: report)
  }

  /// Waits until the speed layer has committed all that is in the log.
  /// - Returns: false where that took longer than `seconds`.
  public func awaitSpeed(within seconds: Double = 30) throws -> Bool {
    let connection = try connect()
    var ends: [TopicPartition: Int64] = [:]
    for topic in Topic.allCases {
      for number in 0..<Int32(try log.log.partitionCount(of: topic.name)) {
        let source = TopicPartition(topic.name, number)
        ends[source] = try log.log.endOffset(of: source)
      }
    }
    return try eventually(within: seconds) {
      let rows = try connection.run("select topic, partition, next_offset from speed.progress")
      var committed: [TopicPartition: Int64] = [:]
      for row in 0..<rows.count {
        committed[TopicPartition(try rows.text(row, 0), Int32(try rows.int(row, 1)))] =
          try rows.int(row, 2)
      }
      return ends.allSatisfy { (committed[$0.key] ?? 0) >= $0.value }
    }
  }
}
