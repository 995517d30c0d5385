import Glibc
import Support

/// The processes of a server whose postmaster is dead.
///
/// Most notice that at once and end. One that waits for a lock whose holder was killed too, or that is
/// frozen, never does: it holds the server's memory for good, and PostgreSQL does not start while it does.
/// Nothing can come of such a process any more, so its end costs nothing that recovery does not bring back.
enum Orphans {
  /// What each process of the server of this directory has in its title (`cluster_name`), where anybody
  /// can see it, in a container too. Another directory has another one.
  static func clusterName(of dataDirectory: String) -> String {
    var status = stat()
    guard stat(dataDirectory, &status) == 0 else { return "polyrhythm" }
    return "polyrhythm-" + String(UInt64(status.st_dev), radix: 16) + "-"
      + String(UInt64(status.st_ino), radix: 16)
  }

  /// The processes that have the title.
  static func processes(of dataDirectory: String) -> [pid_t] {
    let title = "postgres: \(clusterName(of: dataDirectory)): "
    return FileSystem.sortedNames(in: "/proc").compactMap { pid_t($0) }
      .filter { FileSystem.text("/proc/\($0)/cmdline")?.hasPrefix(title) == true }
  }

  /// Kills them, as the user that they belong to.
  static func end(_ dataDirectory: String, _ binaries: ServerBinaries, _ user: ServerUser)
    throws(WarehouseError)
  {
    for process in processes(of: dataDirectory) {
      _ = try ChildProcess.run([binaries.path("pg_ctl"), "kill", "KILL", "\(process)"], as: user)
    }
  }
}
