/// Remembers which events have come, for as long as they could come again and still be in time.
/// Identities are kept by ten minutes of event time, so that what the watermark has passed is
/// dropped as a whole.
struct IdentityMemory {
  /// Milliseconds of event time in one bucket.
  private static let bucketWidth: Int64 = 600_000

  private var buckets: [Int64: FlatTable] = [:]
  /// The bucket of the last event; most events follow into the same one.
  private var currentBucket = Int64.min
  private var current = FlatTable()
  private var oldest = Int64.max

  /// Remembers `identity` at event time `timestamp`.
  /// - Returns: false where it was remembered already.
  @inline(__always)
  mutating func insert(_ identity: Int64, timestamp: Int64) -> Bool {
    let bucket = timestamp / Self.bucketWidth
    if bucket != currentBucket { select(bucket) }
    return current.insertNew(identity)
  }

  /// Whether an identity at event time `timestamp` is remembered.
  func contains(_ identity: Int64, timestamp: Int64) -> Bool {
    let bucket = timestamp / Self.bucketWidth
    let table = bucket == currentBucket ? current : buckets[bucket]
    return table?.find(0, identity) != nil
  }

  private mutating func select(_ bucket: Int64) {
    let remembered = buckets.removeValue(forKey: bucket)
    if currentBucket != Int64.min {
      buckets[currentBucket] = current
      current = remembered ?? FlatTable()
    } else if let remembered {
      current.free()
      current = remembered
    }
    currentBucket = bucket
    oldest = min(oldest, bucket)
  }

  /// Drops what lies wholly below `watermark`: an event there is late, and not asked about.
  mutating func forget(below watermark: Int64) {
    let bound = watermark / Self.bucketWidth
    guard oldest < bound else { return }
    for bucket in buckets.keys where bucket < bound { buckets.removeValue(forKey: bucket)?.free() }
    if currentBucket < bound, currentBucket != Int64.min {
      current.removeAll()
      currentBucket = Int64.min
    }
    oldest = min(buckets.keys.min() ?? Int64.max, currentBucket == .min ? .max : currentBucket)
  }

  func free() {
    current.free()
    for table in buckets.values { table.free() }
  }
}
