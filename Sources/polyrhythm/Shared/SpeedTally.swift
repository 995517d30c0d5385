import EventLog
import SpeedLayer
import Support
import Synchronization

/// Says what a speed worker reports, and counts what it has flushed.
final class SpeedTally: Sendable {
  /// Sums over the worker's flushes.
  struct Totals: Sendable {
    var records = 0
    var rows = 0
    var flushes = 0
    /// Other workers have all partitions, and that has been said.
    var isStandby = false
  }

  private let source: String
  private let start = ContinuousClock.now
  private let notices = Notices("speed", prefix: "speed: ")
  private let progress = ProgressLine("speed")
  private let totals = Mutex(Totals())

  /// - Parameter source: what messages call the log, its URL.
  init(_ source: String) { self.source = source }

  var current: Totals { totals.withLock { $0 } }

  func note(_ report: SpeedWorker.Report) {
    switch report {
    case .started(let partitions, let replayed):
      totals.withLock { $0.isStandby = false }
      progress.finish()
      notices.say(
        "partitions \(partitions.map(String.init).joined(separator: ", ")) of \(source), "
          + "state rebuilt from \(replayed.grouped) records", .info,
        [.numbers(.partitions, partitions), .number(.records, replayed)])
    case .standby:
      let isNew = totals.withLock { totals in
        defer { totals.isStandby = true }
        return !totals.isStandby
      }
      if isNew { notices.say("other workers have all partitions; standing by") }
    case .waiting(let partitions, let load):
      progress.finish()
      notices.say(
        "partitions \(partitions.map(String.init).joined(separator: ", ")) wait for load \(load), "
          + "which counts what no speed worker had; until it is published they lag behind", .info,
        [.numbers(.partitions, partitions), .number(.loadRun, load)])
    case .lost(let range):
      progress.finish()
      notices.say(
        "\(source) has dropped (retention) \(range), before they were counted; partition "
          + "\(range.partition.partition) lags until a load has taken them from the lake, or until speed is "
          + "started with --accept-loss", .warning, fields(of: range))
    case .passed(let range):
      progress.finish()
      notices.say(
        "goes on without \(range); they are in warehouse.lost_range", .warning, fields(of: range))
    case .noTopics:
      notices.say("\(source) has no topics yet; waiting for them")
    case .partitionsAdded(let topic, let before, let now):
      progress.finish()
      notices.say(
        "\(topic) has \(now) partitions now (\(before) before): users move between them, and a "
          + "session that is open across the change is seen as two", .warning,
        [.text(.topic, topic), .numbers(.partitions, Array(0..<now))])
    case .flushed(let records, let rows):
      let done = totals.withLock {
        $0.records += records
        $0.rows += rows
        $0.flushes += 1
        return $0.records
      }
      progress.update(done)
    case .restarting(let reason):
      progress.finish()
      notices.say("starting again: \(reason)", .warning)
    case .leftToTheNext(let reason):
      progress.finish()
      notices.say(
        "stopped before the last flush, whose records the next worker reads again: \(reason)",
        .warning)
    }
  }

  /// Says the totals and the rate since the beginning.
  func finish() {
    progress.finish()
    let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
    let done = current
    notices.say(
      "\(done.records.grouped) events as \(done.rows.grouped) rows in "
        + "\(done.flushes.grouped) flushes, \(Terminal.duration(seconds)) "
        + "(\(Int(Double(done.records) / seconds).grouped)/s)", .info,
      [
        .number(.records, done.records), .number(.rows, done.rows),
        .number(.flushes, done.flushes), .seconds(seconds),
      ])
  }

  private func fields(of range: LostRange) -> [Notice.Field] {
    [
      .text(.topic, range.partition.topic), .number(.partition, range.partition.partition),
      .number(.offset, range.offsets.lowerBound), .number(.endOffset, range.offsets.upperBound),
    ]
  }
}
