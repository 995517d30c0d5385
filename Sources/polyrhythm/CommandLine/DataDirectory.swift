import Foundation
import Support

/// The directory of an embedded installation. What is in it tells of people: what this process makes
/// there is for its own user only.
enum DataDirectory {
  /// Makes the directory, and those above it, where they are missing. Files and directories that this
  /// process makes from now on are closed to others (0600 and 0700).
  static func make(_ path: String) throws {
    do throws(SystemError) {
      let isOurs = try !FileSystem.makeDirectories(path).isEmpty
      if isOurs { try close(path) }
      umask(0o077)
      guard try FileSystem.kind(of: path) == .directory else { throw SystemError(ENOTDIR, path) }
    } catch {
      throw CommandError(
        .cannotCreate,
        "cannot make the data directory \(path): \(error.reason); give another one with --data DIR")
    }
  }

  /// 0700; as root, PostgreSQL's user may pass through to its own directory below, and not look round.
  private static func close(_ path: String) throws(SystemError) {
    guard chmod(path, 0o700) == 0 else { throw SystemError(errno, path) }
    guard geteuid() == 0, let entry = getpwnam("postgres") else { return }
    let isGroups = chown(path, 0, entry.pointee.pw_gid) == 0
    guard chmod(path, isGroups ? 0o710 : 0o711) == 0 else { throw SystemError(errno, path) }
  }
}
