import Foundation
import Support

/// A scheduled load that failed for good: its attempts are used up, or a further attempt would not help.
public struct LoadFailure: Sendable {
  /// The number of the load's row in `warehouse.load_run`; nil where the load did not get as far as that row.
  public var run: Int64?
  /// When the load was due, milliseconds since 1970-01-01 UTC.
  public var due: Int64
  /// How often the load was tried.
  public var attempts: Int
  /// One line: what happened and what to do.
  public var message: String
}

/// Tells somebody that a load has failed.
public struct FailureHook: Sendable {
  private let body: @Sendable (LoadFailure) throws -> Void

  /// - Parameter body: runs on the scheduler's thread, which waits for it. An error that it throws is reported
  ///   and stops nothing.
  public init(_ body: @escaping @Sendable (LoadFailure) throws -> Void) { self.body = body }

  /// A hook that does nothing.
  public static let none = FailureHook { _ in }

  /// A hook that runs a shell command (`/bin/sh -c`). The command has the error in the environment variable
  /// `POLYRHYTHM_ERROR`, and in `POLYRHYTHM_LOAD_RUN` the run's number, or nothing where there is none.
  /// - Parameter patience: seconds after which the command and its children are killed. That, and an exit
  ///   status other than 0, makes the hook throw a `ScheduleError`.
  public static func command(_ command: String, patience: Double = 60) -> FailureHook {
    FailureHook { failure in
      try ShellCommand(
        text: command,
        environment: [
          "POLYRHYTHM_ERROR": failure.message,
          "POLYRHYTHM_LOAD_RUN": failure.run.map(String.init) ?? "",
        ]
      ).run(patience: patience)
    }
  }

  func call(_ failure: LoadFailure) throws { try body(failure) }
}

/// A command of the shell with a few variables beside our own environment.
private struct ShellCommand {
  var text: String
  var environment: [String: String]

  /// Bytes of a variable that are passed on: Linux takes 128 KiB for each, and an error needs less.
  private static let variableBytesMax = 16 << 10

  func run(patience: Double) throws(ScheduleError) {
    let process = try start()
    let deadline = ContinuousClock.now + .seconds(patience)
    while true {
      switch ProcessEnd.look(at: process) {
      case .ended(let end):
        if end.isSuccess { return }
        throw ScheduleError(
          "The failure hook '\(text)' did not work: "
            + (end.signal.map { "signal \($0)" } ?? "exit status \(end.status)"))
      // Where this process ignores SIGCHLD, the command's status is lost once the command has ended.
      case .unknown: return
      case .running: break
      }
      if ContinuousClock.now >= deadline {
        kill(-process, SIGKILL)
        _ = ProcessEnd.wait(for: process)
        throw ScheduleError(
          "The failure hook '\(text)' was stopped: it took longer than \(Int(patience)) s")
      }
      usleep(10_000)
    }
  }

  /// The command gets a process group of its own, so that its children can be killed with it, and signals
  /// with their default actions, as a program expects them.
  private func start() throws(ScheduleError) -> pid_t {
    let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var shell = ProcessStart(["/bin/sh", "-c", text])
    shell.environment = merged.map { "\($0.key)=\($0.value.prefixOfBytes(Self.variableBytesMax))" }
    shell.input = .nothing
    // So that all of it can be killed.
    shell.group = .own
    shell.defaultSignals = [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGQUIT]
    do throws(SystemError) { return try shell.start() } catch {
      throw ScheduleError("The failure hook '\(text)' cannot be run: \(error.reason)")
    }
  }
}

extension String {
  /// The longest beginning of whole characters that has at most `limit` bytes of UTF-8.
  fileprivate func prefixOfBytes(_ limit: Int) -> Substring {
    guard utf8.count > limit else { return self[...] }
    var end = utf8.index(startIndex, offsetBy: limit)
    while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
    return self[..<end]
  }
}
