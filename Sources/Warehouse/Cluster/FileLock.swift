import Glibc
import Support

/// An exclusive lock on a file, held until deinit. Gone with the process, however that ends.
final class FileLock {
  private let descriptor: Int32

  /// Waits for the lock up to `seconds`.
  init(_ path: String, waitingAtMost seconds: Double) throws(WarehouseError) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Files.failure("open", path) }
    let failure = FileLocking.take(LOCK_EX, of: descriptor, waitingAtMost: seconds)
    guard failure == 0 else {
      close(descriptor)
      errno = failure
      if failure != EWOULDBLOCK { throw Files.failure("lock", path) }
      throw WarehouseError(
        .cluster,
        "Another process has been starting or stopping the database for \(seconds) s "
          + "(it holds \(path)); see what it waits for, then try again", isRetriable: true)
    }
  }

  deinit { close(descriptor) }
}
