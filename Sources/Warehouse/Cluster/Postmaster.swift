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

  /// Removes a postmaster.pid whose process number now belongs to something else, which PostgreSQL
  /// by itself would take for a running server. PostgreSQL uses the file to notice backends that
  /// outlived their postmaster, so it stays as long as any process works in the directory, and
  /// where its process number is free.
  func removeIfMisleading(in dataDirectory: String) {
    guard kill(processID, 0) == 0, !isRunning(in: dataDirectory) else { return }
    let processes = (Files.list("/proc") ?? []).compactMap { pid_t($0) }
    if !processes.contains(where: { Self.workingDirectory(of: $0) == dataDirectory }) {
      unlink(dataDirectory + "/postmaster.pid")
    }
  }

  private static func workingDirectory(of process: pid_t) -> String? {
    Files.realPath("/proc/\(process)/cwd")
  }
}
