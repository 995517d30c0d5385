/// A hash of a stream of bytes, whatever the pieces it comes in, 64 bits: XXH64 of Yann Collet, with seed
/// 0. It tells content apart, and is no defence against somebody who makes two of one hash.
public struct ContentHash {
  private static let p1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let p2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let p3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let p4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let p5: UInt64 = 0x27D4_EB2F_1656_67C5
  private static let stripe = 32

  private var lanes = SIMD4<UInt64>(p1 &+ p2, p2, 0, 0 &- p1)
  /// The bytes that do not fill a stripe yet.
  private var rest: [UInt8] = []
  /// Bytes so far.
  public private(set) var count: Int64 = 0

  public init() { rest.reserveCapacity(Self.stripe) }

  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    count += Int64(bytes.count)
    guard let start = bytes.baseAddress else { return }
    var index = 0
    if !rest.isEmpty {
      while index < bytes.count, rest.count < Self.stripe {
        rest.append(bytes[index])
        index += 1
      }
      guard rest.count == Self.stripe else { return }
      rest.withUnsafeBytes { mixStripes($0.baseAddress!, 1) }
      rest.removeAll(keepingCapacity: true)
    }
    let stripes = (bytes.count - index) / Self.stripe
    mixStripes(start + index, stripes)
    index += stripes * Self.stripe
    while index < bytes.count {
      rest.append(bytes[index])
      index += 1
    }
  }

  public mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// Of all bytes so far; more may follow.
  public var value: UInt64 {
    var hash: UInt64
    if count >= Self.stripe {
      hash =
        Self.rotated(lanes[0], 1) &+ Self.rotated(lanes[1], 7) &+ Self.rotated(lanes[2], 12)
        &+ Self.rotated(lanes[3], 18)
      for lane in 0..<4 {
        hash = (hash ^ Self.mixed(0, lanes[lane])) &* Self.p1 &+ Self.p4
      }
    } else {
      hash = Self.p5
    }
    hash &+= UInt64(count)
    rest.withUnsafeBytes { bytes in
      var index = 0
      while index + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
        hash = Self.rotated(hash ^ Self.mixed(0, word), 27) &* Self.p1 &+ Self.p4
        index += 8
      }
      if index + 4 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self).littleEndian
        hash = Self.rotated(hash ^ (UInt64(word) &* Self.p1), 23) &* Self.p2 &+ Self.p3
        index += 4
      }
      while index < bytes.count {
        hash = Self.rotated(hash ^ (UInt64(bytes[index]) &* Self.p5), 11) &* Self.p1
        index += 1
      }
    }
    hash = (hash ^ (hash &>> 33)) &* Self.p2
    hash = (hash ^ (hash &>> 29)) &* Self.p3
    return hash ^ (hash &>> 32)
  }

  /// The value in 16 hexadecimal digits.
  public var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private mutating func mixStripes(_ start: UnsafeRawPointer, _ count: Int) {
    var (a, b, c, d) = (lanes[0], lanes[1], lanes[2], lanes[3])
    var at = start
    for _ in 0..<count {
      a = Self.mixed(a, at.loadUnaligned(as: UInt64.self).littleEndian)
      b = Self.mixed(b, at.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian)
      c = Self.mixed(c, at.loadUnaligned(fromByteOffset: 16, as: UInt64.self).littleEndian)
      d = Self.mixed(d, at.loadUnaligned(fromByteOffset: 24, as: UInt64.self).littleEndian)
      at += Self.stripe
    }
    lanes = SIMD4(a, b, c, d)
  }

  @inline(__always)
  private static func mixed(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotated(lane &+ word &* p2, 31) &* p1
  }

  @inline(__always)
  private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
    (value &<< bits) | (value &>> (64 - bits))
  }
}
