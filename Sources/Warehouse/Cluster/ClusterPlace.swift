import Glibc
import Support

/// Where a private cluster lives: a directory that its server user can reach, and a socket
/// directory whose path is short enough.
struct ClusterPlace {
  /// The directory itself, links resolved.
  var root: String
  var dataDirectory: String { root + "/data" }
  var logFile: String { root + "/server.log" }
  var passwordFile: String { root + "/analyst.password" }
  var portFile: String { root + "/port" }
  var lockFile: String { root + "/start.lock" }

  /// Beside the data, or under /tmp where that path would be too long for a socket.
  var socketDirectory: String {
    let beside = root + "/socket"
    // A comma would begin a second directory in PostgreSQL's setting and in libpq's host.
    if beside.utf8.count <= Self.socketDirectoryMax && !beside.contains(",") { return beside }
    return "/tmp/polyrhythm-\(ClusterFiles.shortName(of: root))"
  }

  /// A socket's address is at most 107 bytes on Linux, and `/.s.PGSQL.65535` is 15 of them.
  private static let socketDirectoryMax = 85

  /// Finds the place and makes what is missing. Where `user` cannot reach `directory` (under
  /// `/root`, say) the cluster goes to /var/lib/polyrhythm and `directory` becomes a link to it.
  static func prepare(_ directory: String, for user: ServerUser) throws(WarehouseError)
    -> ClusterPlace
  {
    // They end up in configuration files and in command lines of pg_ctl's.
    guard directory.utf8.allSatisfy({ $0 >= 0x20 && !"'\"\\$`".utf8.contains($0) }) else {
      throw WarehouseError(
        .cluster,
        "The path \(directory) has a quote, $ or backslash, which PostgreSQL's tools "
          + "cannot take: choose another data directory")
    }
    try ClusterFiles.makeDirectories(FileSystem.parent(directory))
    let wasThere = FileSystem.isDirectory(directory)
    if !wasThere {
      if FileSystem.isSymbolicLink(directory) {
        throw WarehouseError(
          .cluster, "\(directory) is a link to a directory that is gone: remove the link")
      }
      if try canReach(FileSystem.parent(directory), user) {
        try makeOwned(directory, user)
      } else {
        let parent =
          FileSystem.realPath(FileSystem.parent(directory)) ?? FileSystem.parent(directory)
        let name = ClusterFiles.shortName(
          of: parent + "/" + (directory.split(separator: "/").last ?? ""))
        let elsewhere = "/var/lib/polyrhythm/\(name)"
        try ClusterFiles.makeDirectories("/var/lib/polyrhythm")
        try makeOwned(elsewhere, user)
        guard symlink(elsewhere, directory) == 0 || errno == EEXIST else {
          throw ClusterFiles.failure("make the link", directory)
        }
      }
    }
    guard let root = FileSystem.realPath(directory) else {
      throw ClusterFiles.failure("open", directory)
    }
    guard try canReach(root, user) else {
      throw WarehouseError(
        .cluster,
        "User \(user.name) cannot reach \(root), where the database is: give it "
          + "permission (chmod o+x) on the directories above, or use another data directory")
    }
    let place = ClusterPlace(root: root)
    try makeOwned(place.socketDirectory, user)
    // Under /tmp anybody may have been there first.
    var status = stat()
    guard lstat(place.socketDirectory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
      status.st_uid == user.uid, status.st_mode & 0o077 == 0
    else {
      throw WarehouseError(
        .cluster,
        "\(place.socketDirectory), meant for the database's socket, belongs to somebody "
          + "else: remove it, or use a data directory with a shorter path")
    }
    return place
  }

  /// A directory, 0700, of the server's user. One that is there already stays as it is.
  private static func makeOwned(_ path: String, _ user: ServerUser) throws(WarehouseError) {
    var status = stat()
    if lstat(path, &status) == 0 { return }
    // It is handed over before it gets its name: whoever starts at the same time never sees it as ours.
    let unnamed = "\(path).\(UInt32.random(in: .min ... .max))"
    guard mkdir(unnamed, 0o700) == 0 else { throw ClusterFiles.failure("make the directory", path) }
    if user.isOther && chown(unnamed, user.uid, user.gid) != 0 {
      let failure = ClusterFiles.failure("hand over", path)
      rmdir(unnamed)
      throw failure
    }
    guard rename(unnamed, path) != 0 else { return }
    let isThere = errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR
    let failure = ClusterFiles.failure("make the directory", path)
    rmdir(unnamed)
    if !isThere { throw failure }
  }

  private static func canReach(_ path: String, _ user: ServerUser) throws(WarehouseError) -> Bool {
    guard user.isOther else { return access(path, X_OK) == 0 }
    return try ChildProcess.run(["/usr/bin/test", "-x", path], as: user).status == 0
  }
}
