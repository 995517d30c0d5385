/// Remembers which events of one topic have come, for as long as the same event could come again and
/// still be in time. Identities are kept in buckets of ten minutes of event time, so that a bucket
/// which the watermark has passed is dropped as a whole.
struct IdentityMemory: ~Copyable {
  /// Milliseconds of event time in one bucket.
  private static let bucketWidth: Int64 = 600_000

  /// A bucket that is not the current one. A class, as a dictionary holds no values that cannot be
  /// copied.
  private final class Bucket {
    var table = FlatTable()
  }

  /// By event time divided by `bucketWidth`, without the current bucket.
  private var buckets: [Int64: Bucket] = [:]
  /// The number of the last event's bucket, as most events follow into the same one; `Int64.min`
  /// where there is none.
  private var currentBucket = Int64.min
  private var current = FlatTable()
  private var oldest = Int64.max

  /// Remembers `identity` at event time `timestamp`, in milliseconds since 1970.
  /// - Returns: false where it was remembered already.
  @inline(__always)
  mutating func insert(_ identity: Int64, timestamp: Int64) -> Bool {
    let bucket = timestamp / Self.bucketWidth
    if bucket != currentBucket { select(bucket) }
    return current.insertNew(identity)
  }

  /// Whether an identity at event time `timestamp` is remembered.
  func contains(_ identity: Int64, timestamp: Int64) -> Bool {
    let number = timestamp / Self.bucketWidth
    if number == currentBucket { return current.find(0, identity) != nil }
    return buckets[number]?.table.find(0, identity) != nil
  }

  private mutating func select(_ number: Int64) {
    let remembered = buckets.removeValue(forKey: number)
    if currentBucket != Int64.min {
      let bucket = remembered ?? Bucket()
      swap(&current, &bucket.table)
      buckets[currentBucket] = bucket
    } else if let remembered {
      swap(&current, &remembered.table)
    }
    currentBucket = number
    oldest = min(oldest, number)
  }

  /// Drops the buckets that lie wholly below `watermark`: an event there is late, and nobody asks
  /// whether a late event has come before.
  mutating func forget(below watermark: Int64) {
    let bound = watermark / Self.bucketWidth
    guard oldest < bound else { return }
    for number in buckets.keys where number < bound { buckets.removeValue(forKey: number) }
    if currentBucket < bound, currentBucket != Int64.min {
      current.removeAll()
      currentBucket = Int64.min
    }
    oldest = min(buckets.keys.min() ?? Int64.max, currentBucket == .min ? .max : currentBucket)
  }
}
