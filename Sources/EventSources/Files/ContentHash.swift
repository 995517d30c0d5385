import CXXHash
import Support

/// A hash of a stream of bytes, whatever the pieces it comes in: 64 bits, XXH3 of Yann Collet, with seed
/// 0. It tells content apart, and is no defence against somebody who makes two of one hash. Not shared
/// between threads.
public final class ContentHash {
  private let state: OpaquePointer
  /// Bytes so far.
  public private(set) var count: Int64 = 0

  public init() {
    // Null only where there is no memory for a kilobyte; Swift's own objects end a process then, too.
    state = XXH3_createState()!
    XXH3_64bits_reset(state)
  }

  deinit { XXH3_freeState(state) }

  public func add(_ bytes: UnsafeRawBufferPointer) {
    count += Int64(bytes.count)
    XXH3_64bits_update(state, bytes.baseAddress, bytes.count)
  }

  public func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// Of all bytes so far; more may follow.
  public var value: UInt64 { XXH3_64bits_digest(state) }

  /// The value in 16 hexadecimal digits.
  public var text: String { value.padded(to: 16, radix: 16) }
}
