import Foundation
import Glibc

/// A run of the release binary, as a shell would start it. Ends with the object at the latest, so
/// that no failing test leaves one behind.
public final class Program: CustomStringConvertible {
  /// What a finished run left.
  public struct Outcome: CustomStringConvertible {
    public var command: String
    /// The exit status; 128 + the signal that ended it.
    public var status: Int32
    public var output: String
    public var errors: String

    /// The lines on stderr.
    public var errorLines: [String] {
      errors.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast(
        errors.hasSuffix("\n") || errors.isEmpty ? 1 : 0)
    }

    public var description: String {
      "\(command)\n→ \(status)\n\(output.prefix(2000))\(errors.suffix(3000))"
    }
  }

  public struct Failure: Error, CustomStringConvertible {
    public var description: String
  }

  public let processID: pid_t
  public let description: String
  private let outputPath: String
  private let errorPath: String
  private var status: Int32?

  /// The binary that ships: `POLYRHYTHM_BINARY`, or what `make build` makes.
  public static func binary() throws -> String {
    let path =
      ProcessInfo.processInfo.environment["POLYRHYTHM_BINARY"]
      ?? "\(packageRoot)/.build/release/polyrhythm"
    guard access(path, X_OK) == 0 else {
      throw Failure(description: "\(path) is not there: make build")
    }
    return path
  }

  /// Where Package.swift is.
  public static var packageRoot: String {
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  }

  /// Starts the binary.
  /// - Parameters:
  ///   - directory: what it works in; takes its output too.
  ///   - environment: added to a plain one without any of our or PostgreSQL's variables.
  ///   - input: its stdin.
  ///   - wrapper: the words of a command that runs it, such as `setpriv …`.
  public init(
    _ arguments: [String], in directory: String, environment: [String: String] = [:],
    input: String = "", wrapper: [String] = []
  ) throws {
    description = "polyrhythm \(arguments.joined(separator: " "))"
    let name = "\(directory)/\(UUID().uuidString)"
    outputPath = "\(name).stdout"
    errorPath = "\(name).stderr"
    try input.write(toFile: "\(name).stdin", atomically: false, encoding: .utf8)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let write = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "\(name).stdin", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, outputPath, write, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errorPath, write, 0o600)
    // Nothing of this process: a lock of ours that it held would outlive us.
    for open in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      if let descriptor = Int32(open), descriptor > 2 {
        posix_spawn_file_actions_addclose(&actions, descriptor)
      }
    }
    // The threads of a test process may have signals blocked, and a child would inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var variables = ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("POLYRHYTHM_") && !$0.key.hasPrefix("PG")
    }
    variables.merge(environment) { $1 }
    let words =
      ["/usr/bin/env", "--chdir=\(directory)"] + wrapper + [try Self.binary()] + arguments
    var process: pid_t = 0
    let failure = Self.withCStrings(words) { words in
      Self.withCStrings(variables.map { "\($0)=\($1)" }) {
        posix_spawn(&process, "/usr/bin/env", &actions, &attributes, words, $0)
      }
    }
    guard failure == 0 else {
      throw Failure(description: "\(description): \(String(cString: strerror(failure)))")
    }
    processID = process
  }

  deinit { kill() }

  /// What it has said on stderr so far.
  public var errorsSoFar: String {
    FileManager.default.contents(atPath: errorPath).map { String(decoding: $0, as: UTF8.self) }
      ?? ""
  }

  public var isRunning: Bool {
    guard status == nil else { return false }
    var code: Int32 = 0
    guard waitpid(processID, &code, WNOHANG) == processID else { return true }
    let signal = code & 0x7F
    status = signal == 0 ? (code >> 8) & 0xFF : 128 + signal
    return false
  }

  public func send(_ signal: Int32) {
    if isRunning { Glibc.kill(processID, signal) }
  }

  /// SIGKILL, and waits until it is gone.
  public func kill() {
    send(SIGKILL)
    while isRunning { usleep(1000) }
  }

  /// Waits for the end of the run; one that takes longer is killed.
  public func wait(atMost seconds: Double = 120) throws -> Outcome {
    guard eventually(within: seconds, { !isRunning }) else {
      send(SIGABRT)
      kill()
      throw Failure(
        description: "\(description): still running after \(seconds) s; stderr: \(errorsSoFar)")
    }
    let output = FileManager.default.contents(atPath: outputPath) ?? Data()
    return Outcome(
      command: description, status: status ?? -1, output: String(decoding: output, as: UTF8.self),
      errors: errorsSoFar)
  }

  private static func withCStrings<T>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T
  ) -> T {
    let pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
  }
}
