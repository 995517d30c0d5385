import Foundation
import Support

/// The directory of an embedded installation. It holds personal data, so only the user who runs this process may
/// read what the process makes there.
enum DataDirectory {
  /// Makes the directory, and those above it, where they are missing. Sets the process's umask, so that files and
  /// directories it makes from now on are closed to other users (0600 and 0700).
  /// - Throws: `.cannotCreate` where it cannot be made, or is no directory.
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

  /// Closes the directory to other users (0700). For root, the private cluster runs as the user `postgres`, who has to
  /// pass through the directory to its own below (0710, or 0711 without a common group), but may not list it.
  private static func close(_ path: String) throws(SystemError) {
    guard chmod(path, 0o700) == 0 else { throw SystemError(errno, path) }
    guard geteuid() == 0, let entry = getpwnam("postgres") else { return }
    let isGroups = chown(path, 0, entry.pointee.pw_gid) == 0
    guard chmod(path, isGroups ? 0o710 : 0o711) == 0 else { throw SystemError(errno, path) }
  }
}
