import Dispatch
import Foundation
import ServingLayer
import Support
import Synchronization

/// Runs `polyrhythm load` as a process of its own, for those who ask the server for it: the server's own sessions only read, and a
/// load that fails takes nothing down with it.
final class LoadProcess: Sendable {
  /// Seconds in which a load fails that cannot begin at all.
  private static let beginning = 2.0
  /// Seconds that taking a load back may take before the answer says that it has begun.
  private static let patience = 120.0
  /// What the load is told as the server was.
  private static let passed = [
    LocationFlags.data, LocationFlags.database, LocationFlags.lake, KernelFlags.lateness,
    LoadFlags.minutes,
  ]

  private let flags: [String]
  private let environment: [String: String]
  private let isRunning = Mutex(false)

  /// - Parameter data: the data directory where no flag names it; nil for none.
  init(_ arguments: Arguments, data: String?) {
    var flags: [String] = []
    var environment = ProcessInfo.processInfo.environment
    for flag in Self.passed {
      guard let value = arguments.string(flag.name) else { continue }
      // What has a variable goes by it, as other users of this machine see the arguments of processes.
      if let variable = flag.environment {
        environment[variable] = value
      } else {
        flags += [flag.name, value]
      }
    }
    if let data, !arguments.has(LocationFlags.data.name) {
      flags += [LocationFlags.data.name, data]
    }
    self.flags = flags
    self.environment = environment
  }

  /// How the server begins what it is asked for.
  var operations: LoadOperations {
    LoadOperations { [self] operation, name in begin(operation, name) }
  }

  private func begin(_ operation: LoadOperations.Operation, _ name: String)
    -> LoadOperations.Outcome
  {
    let isFirst = isRunning.withLock { isRunning in
      defer { isRunning = true }
      return !isRunning
    }
    guard isFirst else { return .busy }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["load", operation.rawValue, "--requested-by", name] + flags
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    do {
      try process.run()
    } catch {
      isRunning.withLock { $0 = false }
      return .failed("load \(operation.rawValue): the process could not be started: \(error)")
    }
    let end = End()
    Thread.detachNewThread { [self] in
      let last = Self.say(output.fileHandleForReading, operation)
      process.waitUntilExit()
      isRunning.withLock { $0 = false }
      end.reach(
        process.terminationStatus == 0 && process.terminationReason == .exit
          ? .done(last) : .failed(last))
    }
    return end.wait(seconds: operation == .rollback ? Self.patience : Self.beginning) ?? .started
  }

  /// Says each line of the process, and returns the last one.
  private static func say(_ output: FileHandle, _ operation: LoadOperations.Operation) -> String {
    let notices = Notices("load", prefix: "load \(operation.rawValue): ")
    var last = "it ended without a word"
    var rest = Data()
    while case let data = output.availableData, !data.isEmpty {
      rest += data
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        last = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
        rest.removeSubrange(rest.startIndex...end)
        notices.say(last)
      }
    }
    return last
  }

  /// How a process has ended, once it has.
  private final class End: Sendable {
    private let outcome = Mutex<LoadOperations.Outcome?>(nil)
    private let reached = DispatchSemaphore(value: 0)

    func reach(_ outcome: LoadOperations.Outcome) {
      self.outcome.withLock { $0 = outcome }
      reached.signal()
    }

    /// - Returns: nil where it has not ended by then.
    func wait(seconds: Double) -> LoadOperations.Outcome? {
      _ = reached.wait(timeout: .now() + seconds)
      return outcome.withLock { $0 }
    }
  }
}
