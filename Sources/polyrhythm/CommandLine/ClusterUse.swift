import Foundation
import Support
import Warehouse

/// Holds the private cluster of a data directory in use. Processes that use it hold a shared lock on
/// one file; who can have it alone at the end was the last.
final class ClusterUse {
  private let cluster: PrivateCluster
  /// nil once it is released.
  private var file: OpenFile?
  private var keeper: ClusterKeeper?

  /// Seconds that the last user may take to stop the database.
  private static let patience = 60.0

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
    guard let file else { return }
    self.file = nil
    if flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 { try? cluster.stop() }
  }
}
