import Foundation

/// The directory of an embedded installation. What is in it tells of people: what this process makes
/// there is for its own user only.
enum DataDirectory {
  /// Makes the directory, and those above it, where they are missing. Files and directories that this
  /// process makes from now on are closed to others (0600 and 0700).
  static func make(_ path: String) throws {
    var made = path.hasPrefix("/") ? "/" : ""
    var isOurs = false
    for part in path.split(separator: "/") {
      made += made.isEmpty || made.hasSuffix("/") ? String(part) : "/\(part)"
      isOurs = mkdir(made, 0o777) == 0
      if !isOurs, errno != EEXIST, errno != EISDIR { throw failure(path, errno) }
    }
    if isOurs { try close(path) }
    umask(0o077)
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure(path, errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw failure(path, ENOTDIR) }
  }

  /// 0700; as root, PostgreSQL's user may pass through to its own directory below, and not look round.
  private static func close(_ path: String) throws {
    guard chmod(path, 0o700) == 0 else { throw failure(path, errno) }
    guard geteuid() == 0, let entry = getpwnam("postgres") else { return }
    let isGroups = chown(path, 0, entry.pointee.pw_gid) == 0
    guard chmod(path, isGroups ? 0o710 : 0o711) == 0 else { throw failure(path, errno) }
  }

  private static func failure(_ path: String, _ code: Int32) -> CommandError {
    CommandError(
      .cannotCreate,
      "cannot make the data directory \(path): \(String(cString: strerror(code))); "
        + "give another one with --data DIR")
  }
}
