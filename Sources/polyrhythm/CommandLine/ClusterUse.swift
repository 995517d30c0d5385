import Foundation
import Support
import Warehouse

/// Holds the private cluster of a data directory in use. Processes that use it hold a shared lock on
/// one file; who can have it alone at the end was the last.
final class ClusterUse {
  private let cluster: PrivateCluster
  private let file: Int32
  private var keeper: ClusterKeeper?

  /// Seconds that the last user may take to stop the database.
  private static let patience = 60.0

  init(directory: String) throws {
    try DataDirectory.make(directory)
    let path = "\(directory)/postgres.users"
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw CommandError(
        .cannotCreate, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
    let failure = FileLocking.take(LOCK_SH, of: file, waitingAtMost: Self.patience)
    guard failure == 0 else {
      close(file)
      guard failure == EWOULDBLOCK else {
        throw CommandError(.ioError, "cannot lock \(path): \(String(cString: strerror(failure)))")
      }
      throw CommandError(
        .temporaryFailure,
        "another process has been stopping the database of \(directory) for \(Int(Self.patience)) s (it "
          + "holds \(path)); see whether it is frozen, then try again")
    }
    let absolute = URL(fileURLWithPath: directory).standardizedFileURL.path
    cluster = PrivateCluster(directory: "\(absolute)/postgres")
  }

  func start() throws -> ClusterInfo { try cluster.start() }

  func keep(
    _ info: ClusterInfo, stop: StopToken, say: @escaping @Sendable (String) -> Void
  ) {
    keeper = ClusterKeeper(cluster, info, command: stop, say: say)
  }

  func requireUnmoved() throws { try keeper?.requireUnmoved() }

  func release() {
    keeper?.end()
    keeper = nil
    if flock(file, LOCK_EX | LOCK_NB) == 0 { try? cluster.stop() }
    Glibc.close(file)
  }
}
