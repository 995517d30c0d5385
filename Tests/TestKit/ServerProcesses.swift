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
    // One process for all links: with one for each, a look took longer than what it waits for.
    let links = run([
      "find", "/proc", "-mindepth", "2", "-maxdepth", "2", "-name", "cwd", "-printf", "%h %l\\n",
    ])
    return links.split(separator: "\n").compactMap { line in
      guard line.hasPrefix("/proc/"), line.hasSuffix(" \(directory)") else { return nil }
      return pid_t(line.dropFirst(6).prefix { $0 != " " })
    }
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
    // Processes end while they are looked at.
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return "" }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
  }
}
