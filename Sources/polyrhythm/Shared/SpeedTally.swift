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
      Terminal.say(
        "speed: partitions \(partitions.map(String.init).joined(separator: ", ")) of \(source), "
          + "state rebuilt from \(replayed.grouped) records")
    case .standby:
      let isNew = totals.withLock { totals in
        defer { totals.isStandby = true }
        return !totals.isStandby
      }
      if isNew { Terminal.say("speed: other workers have all partitions; standing by") }
    case .waiting(let partitions, let load):
      progress.finish()
      Terminal.say(
        "speed: partitions \(partitions.map(String.init).joined(separator: ", ")) wait for load \(load), "
          + "which counts what no speed worker had; until it is published they lag behind")
    case .lost(let range):
      progress.finish()
      Terminal.say(
        "speed: \(source) has dropped (retention) \(range), before they were counted; partition "
          + "\(range.partition.partition) lags until a load has taken them from the lake, or until speed is "
          + "started with --accept-loss")
    case .passed(let range):
      progress.finish()
      Terminal.say("speed: goes on without \(range); they are in warehouse.lost_range")
    case .noTopics:
      Terminal.say("speed: \(source) has no topics yet; waiting for them")
    case .partitionsAdded(let topic, let before, let now):
      progress.finish()
      Terminal.say(
        "speed: \(topic) has \(now) partitions now (\(before) before): users move between them, and a "
          + "session that is open across the change is seen as two")
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
      Terminal.say("speed: starting again: \(reason)")
    }
  }

  /// Says the totals and the rate since the beginning.
  func finish() {
    progress.finish()
    let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
    let done = current
    Terminal.say(
      "speed: \(done.records.grouped) events as \(done.rows.grouped) rows in "
        + "\(done.flushes.grouped) flushes, \(Terminal.duration(seconds)) "
        + "(\(Int(Double(done.records) / seconds).grouped)/s)")
  }
}
