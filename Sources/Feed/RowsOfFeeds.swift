import Metrics

/// Rows that several feeds have counted, a set of each feed. One thread at a time may use them.
public struct RowsOfFeeds: @unchecked Sendable {
  let sets: [RollupSet]

  /// Brings the rows of all sets together, those of one time and key added up.
  /// - Returns: the set that has them now.
  public func joined() -> RollupSet {
    for set in sets.dropFirst() {
      for rollup in Rollup.allCases {
        set.drain(rollup) { cell in sets[0].add(rollup, cell, of: set, rung: .minute) }
      }
    }
    return sets[0]
  }

  /// Forgets what is left.
  public func removeAll() { for set in sets { set.removeAll() } }
}
