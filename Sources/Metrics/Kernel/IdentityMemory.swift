/// Remembers which events of one topic have come, for as long as the same event could come again and
/// still be in time. Identities are kept in buckets of two minutes of event time, so that a bucket
/// which the watermark has passed is dropped as a whole.
struct IdentityMemory: ~Copyable {
  /// Milliseconds of event time in one bucket. What lies in the bucket of the watermark is kept for nothing: less than
  /// this, of some ten minutes.
  static let bucketWidth: Int64 = 120_000

  /// A bucket that is not the current one. A class, as a dictionary holds no values that cannot be
  /// copied.
  private final class Bucket {
    var identities = KeySet()
  }

  /// By event time divided by `bucketWidth`, without the current bucket.
  private var buckets: [Int64: Bucket] = [:]
  /// The number of the last event's bucket, as most events follow into the same one; `Int64.min`
  /// where there is none.
  private var currentBucket = Int64.min
  private var current = KeySet()
  private var oldest = Int64.max
  /// The bucket that was dropped last, emptied: the next one will be about as large.
  private var spare: Bucket?

  /// Remembers `identity` at event time `timestamp`, in milliseconds since 1970.
  /// - Returns: false where it was remembered already.
  @inline(__always)
  mutating func insert(_ identity: Int64, timestamp: Int64) -> Bool {
    let bucket = timestamp / Self.bucketWidth
    if bucket != currentBucket { select(bucket) }
    return current.insert(identity)
  }

  /// Whether an identity at event time `timestamp` is remembered.
  func contains(_ identity: Int64, timestamp: Int64) -> Bool {
    let number = timestamp / Self.bucketWidth
    if number == currentBucket { return current.contains(identity) }
    return buckets[number]?.identities.contains(identity) ?? false
  }

  /// How many identities are remembered.
  var count: Int { buckets.values.reduce(current.count) { $0 + $1.identities.count } }

  /// The memory of the identities, in bytes.
  var byteCount: Int {
    buckets.values.reduce(current.byteCount + (spare?.identities.byteCount ?? 0)) {
      $0 + $1.identities.byteCount
    }
  }

  private mutating func select(_ number: Int64) {
    let remembered = buckets.removeValue(forKey: number)
    if currentBucket != Int64.min {
      let bucket = remembered ?? takeSpare()
      swap(&current, &bucket.identities)
      buckets[currentBucket] = bucket
    } else if let remembered {
      swap(&current, &remembered.identities)
    }
    currentBucket = number
    oldest = min(oldest, number)
  }

  private mutating func takeSpare() -> Bucket {
    defer { spare = nil }
    return spare ?? Bucket()
  }

  /// Drops the buckets that lie wholly below `watermark`: an event there is late, and nobody asks
  /// whether a late event has come before.
  mutating func forget(below watermark: Int64) {
    let bound = watermark / Self.bucketWidth
    guard oldest < bound else { return }
    for number in buckets.keys where number < bound {
      guard let bucket = buckets.removeValue(forKey: number), spare == nil else { continue }
      bucket.identities.removeAll()
      spare = bucket
    }
    if currentBucket < bound, currentBucket != Int64.min {
      current.removeAll()
      currentBucket = Int64.min
    }
    oldest = min(buckets.keys.min() ?? Int64.max, currentBucket == .min ? .max : currentBucket)
  }
}
