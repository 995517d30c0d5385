import TestKit
import Testing

@testable import SpeedLayer

@Suite struct PartitionSharingTests {
  @Test func everyPartitionHasOneWorkerAndNobodyHasMoreThanOneAboveAnother() {
    var random = SeededRandom(seed: 71)
    for workers in 1...9 {
      for partitions in [0, 1, 2, 3, 4, 7, 12, 64] {
        let ids = (0..<workers).map { _ in Int64.random(in: 1...1_000_000, using: &random) }
        let shares = Set(ids).map {
          PartitionSharing.share(of: $0, partitions: partitions, workers: ids)
        }
        #expect(shares.flatMap { $0 }.sorted() == (0..<Int32(partitions)).map { $0 })
        let counts = shares.map(\.count)
        #expect(counts.max()! - counts.min()! <= 1, "\(workers) workers, \(partitions): \(counts)")
      }
    }
  }

  @Test func everybodyComesToTheSameSharesInWhateverOrderTheWorkersAreListed() {
    let ids: [Int64] = [3, 17, 4, 99, 12]
    #expect(
      PartitionSharing.assignments(partitions: 12, workers: ids)
        == PartitionSharing.assignments(partitions: 12, workers: ids.reversed()))
  }

  @Test func aWorkerThatComesMovesFewPartitions() {
    var moved = 0
    for new in Int64(100)..<200 {
      let before = PartitionSharing.assignments(partitions: 60, workers: [1, 2, 3, 4, 5])
      let after = PartitionSharing.assignments(partitions: 60, workers: [1, 2, 3, 4, 5, new])
      moved += before.count { after[$0.key] != $0.value }
    }
    // A sixth worker needs ten of sixty partitions; at most twenty may move.
    #expect(moved / 100 <= 20, "\(moved / 100) of 60")
  }

  @Test func whoIsNotAmongTheWorkersHasNothing() {
    #expect(PartitionSharing.share(of: 7, partitions: 4, workers: [1, 2]) == [])
    #expect(PartitionSharing.share(of: 7, partitions: 4, workers: []) == [])
  }
}
