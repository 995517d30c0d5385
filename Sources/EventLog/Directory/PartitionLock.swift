import Glibc
import Support

/// The right to write one partition, held until the last reference goes. The lock belongs to the
/// open file, so that it ends with the process however that ends.
final class PartitionLock {
  private var file: File?

  init(_ directory: PartitionDirectory) throws(EventLogError) {
    let file = try File.opening(directory.lockPath, O_RDWR | O_CREAT)
    switch FileLocking.take(LOCK_EX, of: file.descriptor, waitingAtMost: 0) {
    case 0: break
    case EWOULDBLOCK:
      throw EventLogError(
        .locked,
        "\(directory.partition) in \(directory.path) is being written by \(Self.owner(file)); "
          + "stop it first, or write elsewhere")
    case let failure: throw .system(failure, "cannot lock", directory.lockPath)
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
    let text: [UInt8] = (try? file.read(count: 16, at: 0)) ?? []
    guard let pid = Int(String(decoding: text.prefix { $0 != 10 }, as: UTF8.self)) else {
      return "another process"
    }
    return pid == Int(getpid()) ? "this process (\(pid))" : "process \(pid)"
  }
}
