import Foundation
import Glibc
import TestKit
import Testing

/// A reader who types the commands of pages, one after the other, in a directory that looks like a checkout with a
/// built release binary. A command that works until it is stopped stays up until the next such command.
final class ReaderSession {
  private let box: Sandbox
  /// What stands in the pages, and what this reader types in its place.
  private let replacements: [(written: String, typed: String)]
  private var used: Set<String> = []
  /// The latest command that works until it is stopped, while it does.
  private var server: Program?
  /// HOST:PORT of the latest server.
  private var address = "127.0.0.1:8080"

  init(_ box: Sandbox, replacements: [(written: String, typed: String)]) throws {
    self.box = box
    self.replacements = replacements
    let files = FileManager.default
    let root = Program.packageRoot
    for folder in ["bin", ".build/release"] {
      try files.createDirectory(atPath: box.path(folder), withIntermediateDirectories: true)
      try files.createSymbolicLink(
        atPath: box.path("\(folder)/polyrhythm"), withDestinationPath: Program.binary())
    }
    for name in ["Makefile", "Sources", "systemd"] {
      try files.createSymbolicLink(
        atPath: box.path(name), withDestinationPath: "\(root)/\(name)")
    }
    try files.copyItem(atPath: "\(root)/warehouse-sql", toPath: box.path("warehouse-sql"))
    // The packages are there, and the binary is built: `swift build` would wait for this test's own `swift test`.
    let make = try box.write("bin/make", "#!/bin/sh\nexec /usr/bin/make -o deps -o build \"$@\"\n")
    chmod(make, 0o755)
    // An answer that is an error is an error of curl.
    _ = try box.write(".curlrc", "fail-with-body\nsilent\nshow-error\nmax-time = 20\n")
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    box.environment = [
      "PATH": "\(box.path("bin")):\(path)", "CURL_HOME": box.directory,
      "DESTDIR": box.path("installed"), "POLYRHYTHM_LISTEN": "127.0.0.1:0",
    ]
  }

  /// Ends what is still up, also where a test has failed.
  deinit {
    if let server, let process = binaryProcess(of: server) { kill(process, SIGKILL) }
  }

  /// The replacements that no command needed.
  var unused: [String] { replacements.map(\.written).filter { !used.contains($0) } }

  /// Types a command, and expects that it succeeds.
  func run(_ command: DocumentedCommand) throws {
    if command.isLongRunning { try stopServer() }
    let program = try start(command)
    guard command.isLongRunning else {
      let outcome = try program.wait(atMost: 60)
      #expect(outcome.status == 0, "\(command)\n\(outcome)")
      return
    }
    server = program
    #expect(
      eventually(within: 60) { isUp(program, command) || !program.isRunning }
        && program.isRunning, "\(command)\n\(program.errorsSoFar)")
  }

  /// Asks `make` what it would do.
  func runDry(_ command: DocumentedCommand) throws {
    let words = "make --dry-run " + command.text.dropFirst("make ".count)
    let outcome = try box.start([], wrapper: Self.shell + [words]).wait(atMost: 60)
    #expect(outcome.status == 0, "\(command)\n\(outcome)")
  }

  /// Stops what is still up as Ctrl-C and service managers do, and expects that it ends well.
  func stopServer() throws {
    guard let program = server else { return }
    if let process = binaryProcess(of: program) { kill(process, SIGTERM) }
    let outcome = try program.wait(atMost: 60)
    server = nil
    #expect(outcome.status == 0, "stopped: \(outcome)")
  }

  /// A failure within a pipe or a substitution is one of the command.
  private static let shell = ["bash", "-e", "-o", "pipefail", "-c"]

  private func start(_ command: DocumentedCommand) throws -> Program {
    if command.isSQL {
      let write = command.isWritingSQL ? ["--write"] : []
      return try box.start(["sql", "--data", box.data, command.text] + write)
    }
    var text = command.text.replacingOccurrences(of: "127.0.0.1:8080", with: address)
    // A site that has just started is not ready before its speed layer has looked at the log.
    let patiently = "curl --retry 40 --retry-delay 1 --retry-max-time 40"
    if text.hasPrefix("GET ") { text = "\(patiently) http://\(address)\(text.dropFirst(4))" }
    for (written, typed) in replacements where text.contains(written) {
      used.insert(written)
      text = text.replacingOccurrences(of: written, with: typed)
    }
    return try box.start([], wrapper: Self.shell + [text])
  }

  /// Whether it has said that it is up or, where it says nothing, written what it is for.
  private func isUp(_ program: Program, _ command: DocumentedCommand) -> Bool {
    let said = program.errorsSoFar
    if command.text.contains("--continuous") {
      let files = try? FileManager.default.subpathsOfDirectory(atPath: "\(box.log)/listen_events")
      return files?.contains { $0.hasSuffix(".ndjson") } ?? false
    }
    if command.text.contains("schedule") { return said.contains("The next load is due") }
    guard let found = said.firstMatch(of: /(?:^serving |\n +)http:\/\/(127\.0\.0\.1:\d+)\n/)
    else { return false }
    address = String(found.1)
    return true
  }

  /// The process of the binary, which a shell or `make` may have started.
  private func binaryProcess(of program: Program) -> pid_t? {
    guard let binary = try? Program.binary(), let path = realpath(binary, nil) else { return nil }
    defer { free(path) }
    let wanted = String(cString: path)
    var candidates = program.isRunning ? [program.processID] : []
    while let process = candidates.popLast() {
      let folder = "/proc/\(process)"
      let running = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/exe")
      if running == wanted { return process }
      let children = try? String(
        contentsOfFile: "\(folder)/task/\(process)/children", encoding: .utf8)
      candidates += (children ?? "").split(separator: " ").compactMap { pid_t($0) }
    }
    return nil
  }
}
