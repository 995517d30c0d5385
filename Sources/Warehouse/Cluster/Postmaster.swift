import Glibc

/// What postmaster.pid says about a data directory's server, and whether that is still so.
struct Postmaster {
  var processID: pid_t
  var port: UInt16?

  /// Reads `postmaster.pid`: the process id, the data directory, the start time, the port, … a
  /// line each. nil where there is none.
  init?(dataDirectory: String) {
    guard let text = Files.readText(dataDirectory + "/postmaster.pid") else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let processID = lines.first.flatMap({ pid_t($0) }), processID > 0 else { return nil }
    self.processID = processID
    port = lines.count > 3 ? UInt16(lines[3]) : nil
  }

  /// True while that process is a server of this directory: servers work in their data directory,
  /// so a process that merely got the same number later is told apart.
  func isRunning(in dataDirectory: String) -> Bool {
    // A server that we started and that has died may be ours to bury.
    waitpid(processID, nil, WNOHANG)
    return Self.workingDirectory(of: processID) == dataDirectory
  }

  /// Removes postmaster.pid and the socket's lock file where the process number in them now belongs
  /// to something else (or to a killed server that nobody has buried), which PostgreSQL by itself
  /// takes for a running server. PostgreSQL uses postmaster.pid to notice backends that outlived
  /// their postmaster, so nothing is touched as long as any process works in the directory.
  static func removeMisleadingLocks(of place: ClusterPlace, port: UInt16) {
    let files = [
      place.dataDirectory + "/postmaster.pid",
      "\(place.socketDirectory)/.s.PGSQL.\(port).lock",
    ]
    let misleading = files.filter { file in
      guard let text = Files.readText(file), let process = pid_t(text.prefix { $0.isNumber }) else {
        return false
      }
      waitpid(process, nil, WNOHANG)
      // A free number does not mislead PostgreSQL.
      return kill(process, 0) == 0
    }
    guard !misleading.isEmpty else { return }
    let processes = (Files.list("/proc") ?? []).compactMap { pid_t($0) }
    if processes.contains(where: { workingDirectory(of: $0) == place.dataDirectory }) { return }
    for file in misleading { unlink(file) }
  }

  private static func workingDirectory(of process: pid_t) -> String? {
    Files.realPath("/proc/\(process)/cwd")
  }
}
