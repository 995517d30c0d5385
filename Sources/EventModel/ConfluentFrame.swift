/// The frame that serialisers with a schema registry put around JSON: a byte 0, then the schema's id in four bytes.
enum ConfluentFrame {
  private static let byteCount = 5

  /// What is in the frame; nil where there is none.
  static func document(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard bytes.count > byteCount, bytes[0] == 0 else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[byteCount...])
  }
}
