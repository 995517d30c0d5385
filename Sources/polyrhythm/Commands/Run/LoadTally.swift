import BatchLayer
import Support
import Synchronization

/// The number of loads that this process has published, and of the records they read.
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
    return "\(loads) load\(loads == 1 ? "" : "s") of \(records.grouped) records"
  }
}
