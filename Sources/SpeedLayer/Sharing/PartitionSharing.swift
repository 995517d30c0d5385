/// Divides partition numbers among the live workers: the same answer for everybody who knows the same
/// workers, without asking anybody.
///
/// Rendezvous hashing (Thaler and Ravishankar, 1996) with a limit: of the workers that have room left, a
/// partition goes to the one whose hash with the partition is greatest, and no two shares differ by more than
/// one partition. So a worker that comes or goes moves few partitions, and no worker is idle while another
/// has two.
enum PartitionSharing {
  /// - Parameters:
  ///   - partitions: how many there are.
  ///   - workers: the ids of the live workers, in any order.
  /// - Returns: the partitions of `worker`, ascending; none where it is not among the workers.
  static func share(of worker: Int64, partitions: Int, workers: [Int64]) -> [Int32] {
    assignments(partitions: partitions, workers: workers).filter { $0.value == worker }
      .keys.sorted()
  }

  static func assignments(partitions: Int, workers: [Int64]) -> [Int32: Int64] {
    let workers = Set(workers).sorted()
    guard !workers.isEmpty else { return [:] }
    // Ranked by a hash too, so that everybody gives the larger shares to the same workers.
    let ranked = workers.sorted { (hash($0, -1), $0) < (hash($1, -1), $1) }
    var room: [Int64: Int] = [:]
    for (rank, worker) in ranked.enumerated() {
      room[worker] =
        partitions / workers.count + (rank < partitions % workers.count ? 1 : 0)
    }
    var result: [Int32: Int64] = [:]
    for partition in 0..<Int32(partitions) {
      let best = workers.filter { room[$0, default: 0] > 0 }
        .max { (hash($0, partition), $0) < (hash($1, partition), $1) }
      guard let best else { break }
      result[partition] = best
      room[best, default: 0] -= 1
    }
    assert(result.count == partitions, "\(result.count) of \(partitions) partitions are shared out")
    return result
  }

  /// The finalizer of SplitMix64 over both numbers.
  private static func hash(_ worker: Int64, _ partition: Int32) -> UInt64 {
    var x = UInt64(bitPattern: worker) &* 0x9E37_79B9_7F4A_7C15
    x ^= UInt64(UInt32(bitPattern: partition)) &* 0xD1B5_4A32_D192_ED03
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    return x ^ (x >> 31)
  }
}
