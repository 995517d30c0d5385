/// Which partition a key belongs to, exactly as Kafka's default partitioner has it (murmur2 of the
/// key, made positive, modulo the number of partitions), so that the embedded log, Kafka and every
/// producer written in Java agree.
/// - Parameter count: the number of partitions, at least 1.
public func partition(forKey key: UnsafeRawBufferPointer, count: Int) -> Int32 {
  Int32(truncatingIfNeeded: Int(murmur2(key) & 0x7fff_ffff) % count)
}

/// Austin Appleby's MurmurHash2, 32 bits, with the seed that Kafka's clients use.
public func murmur2(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
  let seed: UInt32 = 0x9747_b28c
  let multiplier: UInt32 = 0x5bd1_e995
  var hash = seed ^ UInt32(truncatingIfNeeded: bytes.count)
  let whole = bytes.count & ~3
  var index = 0
  while index < whole {
    let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)
    var mixed = UInt32(littleEndian: word) &* multiplier
    mixed ^= mixed &>> 24
    hash = (hash &* multiplier) ^ (mixed &* multiplier)
    index += 4
  }
  if whole < bytes.count {
    for (shift, position) in (whole..<bytes.count).enumerated() {
      hash ^= UInt32(bytes[position]) &<< UInt32(8 * shift)
    }
    hash = hash &* multiplier
  }
  hash ^= hash &>> 13
  hash = hash &* multiplier
  hash ^= hash &>> 15
  return hash
}
