import CXXHash
import Support

/// A hash of a stream of bytes: 64 bits, XXH3 of Yann Collet, with seed 0. The pieces in which the bytes come
/// make no difference. The hash tells different content apart, but is no defence against somebody who makes
/// two contents with the same hash on purpose. Not shared between threads.
public final class ContentHash {
  private let state: OpaquePointer
  /// The number of bytes so far.
  public private(set) var count: Int64 = 0

  /// The hash of no bytes.
  public init() {
    // Null only where there is no memory for a kilobyte; Swift's own objects end a process then, too.
    state = XXH3_createState()!
    XXH3_64bits_reset(state)
  }

  deinit { XXH3_freeState(state) }

  /// Adds bytes behind those so far.
  public func add(_ bytes: UnsafeRawBufferPointer) {
    count += Int64(bytes.count)
    XXH3_64bits_update(state, bytes.baseAddress, bytes.count)
  }

  /// Adds the bytes of the text in UTF-8.
  public func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// The hash of all bytes so far; more may follow.
  public var value: UInt64 { XXH3_64bits_digest(state) }

  /// The value in 16 hexadecimal digits, lower case.
  public var text: String { value.padded(to: 16, radix: 16) }
}
