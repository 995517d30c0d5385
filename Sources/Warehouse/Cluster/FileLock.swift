import Glibc
import Support

/// An exclusive lock on a file, held until deinit. Gone with the process, however that ends.
final class FileLock {
  private let file: OpenFile

  /// Waits for the lock up to `seconds`.
  init(_ path: String, waitingAtMost seconds: Double) throws(WarehouseError) {
    do throws(SystemError) { file = try OpenFile(path, O_RDWR | O_CREAT) } catch {
      throw ClusterFiles.failure("open", error)
    }
    switch FileLocking.take(LOCK_EX, of: file.descriptor, waitingAtMost: seconds) {
    case 0: return
    case EWOULDBLOCK:
      throw WarehouseError(
        .cluster,
        "Another process has been starting or stopping the database for \(seconds) s "
          + "(it holds \(path)); see what it waits for, then try again", isRetriable: true)
    case let failure: throw ClusterFiles.failure("lock", SystemError(failure, path))
    }
  }
}
