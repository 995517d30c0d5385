import Foundation
import Support
import Warehouse

/// One process's use of the private cluster of a data directory. Every process that uses the cluster holds a shared
/// lock on the file `postgres.users`; a process that gets the exclusive lock at its end was the last, and stops the
/// cluster.
final class ClusterUse {
  private let cluster: PrivateCluster
  /// nil once it is released.
  private var file: OpenFile?
  private var keeper: ClusterKeeper?

  /// Seconds that a new user waits for the last one, which holds the exclusive lock while it stops the cluster.
  private static let patience = 60.0

  /// Takes the shared lock; starts nothing yet.
  /// - Throws: `CommandError`: `.cannotCreate` or `.ioError` for the directory and the file, `.temporaryFailure` where
  ///   another process does not come to an end with stopping the cluster.
  init(directory: String) throws {
    try DataDirectory.make(directory)
    let path = "\(directory)/postgres.users"
    let file: OpenFile
    do { file = try OpenFile(path, O_RDWR | O_CREAT) } catch {
      throw CommandError(.cannotCreate, "cannot write \(path): \(error.reason)")
    }
    let failure = FileLocking.take(LOCK_SH, of: file.descriptor, waitingAtMost: Self.patience)
    guard failure == 0 else {
      guard failure == EWOULDBLOCK else {
        throw CommandError(.ioError, "cannot lock \(path): \(SystemError.reason(failure))")
      }
      throw CommandError(
        .temporaryFailure,
        "another process has been stopping the database of \(directory) for \(Int(Self.patience)) s (it "
          + "holds \(path)); see whether it is frozen, then try again")
    }
    let absolute = URL(fileURLWithPath: directory).standardizedFileURL.path
    self.file = file
    cluster = PrivateCluster(directory: "\(absolute)/postgres")
  }

  /// Starts the cluster, or finds it running.
  func start() throws -> ClusterInfo { try cluster.start() }

  /// Starts the cluster again, from now on, whenever it is gone; see `ClusterKeeper`.
  func keep(
    _ info: ClusterInfo, stop: StopToken, _ notices: Notices
  ) {
    keeper = ClusterKeeper(cluster, info, command: stop, notices)
  }

  /// - Throws: `.temporaryFailure` where the cluster came up on another port meanwhile.
  func requireUnmoved() throws { try keeper?.requireUnmoved() }

  /// Ends the use; the last user stops the cluster.
  func release() {
    keeper?.end()
    keeper = nil
    guard let file else { return }
    self.file = nil
    if flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 { try? cluster.stop() }
  }
}
