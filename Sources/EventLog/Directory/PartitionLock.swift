import Glibc

/// The right to write one partition, held until the last reference goes. The lock belongs to the
/// open file, so that it ends with the process however that ends.
final class PartitionLock {
  private var file: File?

  init(_ directory: PartitionDirectory) throws(EventLogError) {
    let file = try File.opening(directory.lockPath, O_RDWR | O_CREAT)
    while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK:
        throw EventLogError(
          .locked,
          "\(directory.partition) in \(directory.path) is being written by \(Self.owner(file)); "
            + "stop it first, or write elsewhere")
      default: throw .system(errno, "cannot lock", directory.lockPath)
      }
    }
    try file.truncate(to: 0)
    try file.write(Array("\(getpid())\n".utf8))
    self.file = file
  }

  deinit { release() }

  /// Unlocks, and not only closes: a child process that is being started may still have the file.
  func release() {
    guard let file else { return }
    _ = flock(file.descriptor, LOCK_UN)
    self.file = nil
  }

  private static func owner(_ file: File) -> String {
    var text: (UInt64, UInt64) = (0, 0)
    let pid = withUnsafeMutableBytes(of: &text) { bytes in
      let count = pread(file.descriptor, bytes.baseAddress!, bytes.count, 0)
      return Int(String(decoding: bytes.prefix(max(count, 0)).prefix { $0 != 10 }, as: UTF8.self))
    }
    guard let pid else { return "another process" }
    return pid == Int(getpid()) ? "this process (\(pid))" : "process \(pid)"
  }
}
