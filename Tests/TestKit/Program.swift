import Foundation
import Glibc
import Support

/// A run of the release binary, as a shell would start it. The process ends with this object at the latest,
/// so that no failing test leaves a process behind.
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
  ///   - directory: the binary's working directory, which takes the files with its output too.
  ///   - environment: added to this process's own, without its `POLYRHYTHM_…` and PostgreSQL's variables.
  ///   - input: the binary's stdin.
  ///   - wrapper: the words of a command that runs the binary, such as `setpriv …`.
  public init(
    _ arguments: [String], in directory: String, environment: [String: String] = [:],
    input: String = "", wrapper: [String] = []
  ) throws {
    description = "polyrhythm \(arguments.joined(separator: " "))"
    let name = "\(directory)/\(UUID().uuidString)"
    outputPath = "\(name).stdout"
    errorPath = "\(name).stderr"
    try input.write(toFile: "\(name).stdin", atomically: false, encoding: .utf8)
    var variables = ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("POLYRHYTHM_") && !$0.key.hasPrefix("PG")
    }
    variables.merge(environment) { $1 }
    var start = ProcessStart(
      ["/usr/bin/env", "--chdir=\(directory)"] + wrapper + [try Self.binary()] + arguments)
    start.environment = variables.map { "\($0)=\($1)" }
    let write = O_WRONLY | O_CREAT | O_TRUNC
    start.input = .file("\(name).stdin", O_RDONLY)
    start.output = .file(outputPath, write)
    start.errors = .file(errorPath, write)
    start.closesOtherFiles = true
    do throws(SystemError) { processID = try start.start() } catch {
      throw Failure(description: "\(description): \(error.reason)")
    }
  }

  deinit { kill() }

  /// What the process has said on stderr so far.
  public var errorsSoFar: String {
    FileManager.default.contents(atPath: errorPath).map { String(decoding: $0, as: UTF8.self) }
      ?? ""
  }

  public var isRunning: Bool {
    guard status == nil else { return false }
    guard case .ended(let end) = ProcessEnd.look(at: processID) else { return true }
    status = end.status
    return false
  }

  /// Whether the process has a handler of its own for a signal by now. Before, a signal ends it as it ends any program.
  public func handles(_ signal: Int32) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("SigCgt:") }),
      let caught = UInt64(line.dropFirst("SigCgt:".count).drop { $0 == "\t" }, radix: 16)
    else { return false }
    return caught >> UInt64(signal - 1) & 1 == 1
  }

  public func send(_ signal: Int32) {
    if isRunning { Glibc.kill(processID, signal) }
  }

  /// Sends SIGKILL, and returns when the process is gone.
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
}
