/// MurmurHash3_x64_128, Austin Appleby's public-domain hash (smhasher, MurmurHash3.cpp).
///
/// PostgreSQL's `hll_hash_*` functions are this hash: their 64-bit result is the first half of the 128
/// bits. So a value hashed here and the same value hashed in SQL land in the same register of the same
/// sketch. Not for use against an adversary: collisions can be constructed.
public enum Murmur3 {
  private static let c1: UInt64 = 0x87c3_7b91_1142_53d5
  private static let c2: UInt64 = 0x4cf5_ad43_2745_937f

  /// The first 64 of the 128 bits: equals `hll_hash_bytea(bytes, seed)`, and `hll_hash_text` over
  /// the UTF-8 of a text.
  public static func hash64(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt64 {
    hash128(bytes, seed: seed).0
  }

  /// The hash of a text's UTF-8: equals `hll_hash_text(text, seed)` in a UTF-8 database.
  public static func hash64(_ text: String, seed: UInt32 = 0) -> UInt64 {
    var text = text
    return text.withUTF8 { hash64(UnsafeRawBufferPointer($0), seed: seed) }
  }

  /// The hash of the value's eight little-endian bytes: equals `hll_hash_bigint(value)`.
  ///
  /// The same as `hash64` over those bytes with seed 0, with everything that is constant for eight
  /// bytes folded away.
  @inline(__always)
  public static func hash64(_ value: Int64) -> UInt64 {
    let length: UInt64 = 8
    let h1 = mixed1(UInt64(bitPattern: value)) ^ length
    let sum = h1 &+ length
    return finalized(sum) &+ finalized(sum &+ length)
  }

  /// All 128 bits, in the reference implementation's order (its `out[0]`, then `out[1]`).
  public static func hash128(
    _ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0
  ) -> (UInt64, UInt64) {
    var h1 = UInt64(seed)
    var h2 = UInt64(seed)

    var offset = 0
    while bytes.count - offset >= 16 {
      let k1 = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      let k2 = UInt64(
        littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
      h1 = (rotated(h1 ^ mixed1(k1), 27) &+ h2) &* 5 &+ 0x52dc_e729
      h2 = (rotated(h2 ^ mixed2(k2), 31) &+ h1) &* 5 &+ 0x3849_5ab5
      offset += 16
    }

    // Up to 15 bytes are left: the first eight into k1, the rest into k2, low bytes first. A lane
    // without bytes stays 0, and mixing a 0 changes nothing.
    if bytes.count - offset >= 8 {
      let k1 = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      h1 ^= mixed1(k1)
      h2 ^= mixed2(rest(of: bytes, from: offset + 8))
    } else {
      h1 ^= mixed1(rest(of: bytes, from: offset))
    }

    h1 ^= UInt64(bytes.count)
    h2 ^= UInt64(bytes.count)
    h1 &+= h2
    h2 &+= h1
    h1 = finalized(h1)
    h2 = finalized(h2)
    h1 &+= h2
    h2 &+= h1
    return (h1, h2)
  }

  /// The last bytes, fewer than eight, low bytes first; 0 where there are none.
  @inline(__always)
  private static func rest(of bytes: UnsafeRawBufferPointer, from offset: Int) -> UInt64 {
    let count = bytes.count - offset
    if count == 0 { return 0 }
    if bytes.count >= 8 {
      // One load of the last eight bytes, less those before the rest, takes the place of a loop.
      let last = bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
      return UInt64(littleEndian: last) &>> UInt64(8 &* (8 &- count))
    }
    var value: UInt64 = 0
    for index in offset..<bytes.count { value |= UInt64(bytes[index]) << (8 * (index - offset)) }
    return value
  }

  @inline(__always)
  private static func rotated(_ x: UInt64, _ bits: UInt64) -> UInt64 {
    x &<< bits | x &>> (64 &- bits)
  }

  @inline(__always)
  private static func mixed1(_ k: UInt64) -> UInt64 { rotated(k &* c1, 31) &* c2 }

  @inline(__always)
  private static func mixed2(_ k: UInt64) -> UInt64 { rotated(k &* c2, 33) &* c1 }

  @inline(__always)
  private static func finalized(_ x: UInt64) -> UInt64 {
    var x = x
    x ^= x &>> 33
    x &*= 0xff51_afd7_ed55_8ccd
    x ^= x &>> 33
    x &*= 0xc4ce_b9fe_1a85_ec53
    x ^= x &>> 33
    return x
  }
}
