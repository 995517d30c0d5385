import Foundation

/// The end of a partition's growing segment that a power loss may take, told from the files alone.
public struct UnsyncedTail {
  public var path: String
  public var size: Int
  /// Bytes below this are on the disk.
  public var byte: Int

  /// nil where nothing may be lost.
  public static func firstByte(of directory: String) throws -> UnsyncedTail? {
    nil
  }
}
