import BatchLayer
import Synchronization

/// What the loads of this process came to.
final class LoadTally: Sendable, CustomStringConvertible {
  private let totals = Mutex((loads: 0, records: 0))

  func note(_ summary: BatchLoader.Summary) {
    totals.withLock {
      $0.loads += 1
      $0.records += summary.counts.records
    }
  }

  var description: String {
    let (loads, records) = totals.withLock { ($0.loads, $0.records) }
    return "\(loads) load\(loads == 1 ? "" : "s") of \(Terminal.grouped(records)) records"
  }
}
