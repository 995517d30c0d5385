import Foundation
import Glibc

/// What only a PostgreSQL server's own user may see of its processes, in a container at least.
public enum ServerProcesses {
  /// The words that run a command as the user that servers run as.
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

  /// What a command prints that the server's user runs.
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
