import Foundation
import Glibc

/// What only a PostgreSQL server's own user may see of its processes, in a container at least.
public enum ServerProcesses {
  /// The words before a command that run it as the servers' user; none where this process is not root and so
  /// runs its servers itself.
  public static var asServerUser: [String] {
    guard geteuid() == 0, let entry = getpwnam("postgres") else { return [] }
    return [
      "setpriv", "--reuid=\(entry.pointee.pw_uid)", "--regid=\(entry.pointee.pw_gid)",
      "--init-groups", "--",
    ]
  }

  /// The processes that work in a directory, as servers and their backends do in theirs.
  public static func working(in directory: String) -> [pid_t] {
    let script = """
      cd /proc && for p in [0-9]*; do
        [ "$(readlink $p/cwd 2>/dev/null)" = "$0" ] && echo $p; done; true
      """
    return run(["sh", "-c", script, directory]).split(separator: "\n").compactMap { pid_t($0) }
  }

  /// What the open files of a process are.
  public static func openFiles(of process: pid_t) -> [String] {
    run(["sh", "-c", "for f in /proc/$0/fd/*; do readlink $f; done; true", "\(process)"])
      .split(separator: "\n").map(String.init)
  }

  /// Runs a command as the servers' user.
  /// - Returns: what the command prints; empty where it cannot be started.
  public static func run(_ words: [String]) -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["--chdir=/"] + asServerUser + words
    let pipe = Pipe()
    process.standardOutput = pipe
    guard (try? process.run()) != nil else { return "" }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
  }
}
