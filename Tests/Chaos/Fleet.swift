import Foundation
import Glibc
import Simulation
import TestKit

/// The processes of one episode: writers, workers and loads, all of them the release binary.
final class Fleet {
  private let directory: String
  private let log: String
  private let database: String
  let schedule: Schedule
  private let proxy: ServerProxy
  private(set) var workers: [Int: Program] = [:]
  private(set) var writer: Program?
  private(set) var load: Program?
  /// Loads that froze before a later load was started.
  private var overtaken: [Program] = []
  private var writerCommand: [String]?
  private var isWriterOwed = false
  private var frozen: Set<pid_t> = []

  init(
    _ schedule: Schedule, in directory: String, log: String, database: String, proxy: ServerProxy
  ) {
    self.schedule = schedule
    self.directory = directory
    self.log = log
    self.database = database
    self.proxy = proxy
  }

  // MARK: Starting

  func run(_ arguments: [String]) throws -> Program { try Program(arguments, in: directory) }

  /// Runs a command that has to work.
  @discardableResult
  func succeed(_ arguments: [String], atMost seconds: Double = 120) throws -> Program.Outcome {
    let outcome = try run(arguments).wait(atMost: seconds)
    guard outcome.status == 0 else { throw ChaosError("\(outcome)") }
    return outcome
  }

  func startWorker(_ slot: Int, flushMs: Int) throws {
    if let running = workers[slot], running.isRunning { return }
    workers[slot] = try run([
      "speed", "--log", "dir:\(log)", "--database", database, "--flush-seconds",
      "\(Double(flushMs) / 1000)",
    ])
  }

  /// The running worker with this number, or, where it does not run, another one that the number selects.
  func worker(_ slot: Int) -> Program? {
    let running = workers.filter { $0.value.isRunning }.sorted { $0.key < $1.key }
    return workers[slot].flatMap { $0.isRunning ? $0 : nil }
      ?? (running.isEmpty ? nil : running[slot % running.count].value)
  }

  func startLoad(_ kind: Action.LoadKind) throws -> Program {
    let program = try run(
      [
        "load", kind.rawValue, "--lake", log, "--database", proxy.url(instead: database),
      ] + (schedule.farBehind.map { ["--far-behind", "\($0)"] } ?? []) + schedule.retention)
    if let load, load.isRunning { overtaken.append(load) }
    load = program
    return program
  }

  /// Waits for the end of all loads that are not frozen.
  func finishLoads(within seconds: Double) throws {
    for program in overtaken + [load].compactMap({ $0 })
    where program.isRunning && !isFrozen(program) {
      _ = try waited(program, seconds)
    }
    overtaken.removeAll { !$0.isRunning }
  }

  /// Starts a writer once the one before has ended, since only one process at a time can write the log.
  func startWriter(_ command: [String]) throws {
    try finishWriter()
    writerCommand = command
    writer = try run(command)
  }

  func repeatWriter() throws {
    guard let writerCommand, writer?.isRunning != true, isWriterOwed else { return }
    isWriterOwed = false
    writer = try run(writerCommand)
  }

  /// - Parameter isOwed: true where the writer's command has to be repeated until it has run to its end.
  func killWriter(isOwed: Bool) -> Bool {
    guard let writer, writer.isRunning else { return false }
    isWriterOwed = isOwed
    writer.kill()
    return true
  }

  /// Waits for the end of a bounded writer, after repeating one that was killed; ends an endless one.
  func finishWriter() throws {
    guard let command = writerCommand else { return }
    thaw(writer)
    if command.contains("--continuous") {
      writer?.send(SIGTERM)
      if let writer { try expectEnd(of: writer, within: 60) }
    } else {
      if let writer { try expectEnd(of: writer, within: 120) }
      try repeatWriter()
      if let writer { try expectEnd(of: writer, within: 120) }
    }
    writer = nil
    writerCommand = nil
    isWriterOwed = false
  }

  private func expectEnd(of program: Program, within seconds: Double) throws {
    let outcome = try waited(program, seconds)
    // A writer that gets SIGTERM before it handles signals ends by that signal, which is fine.
    guard [0, 128 + SIGKILL, 128 + SIGTERM].contains(outcome.status) else {
      throw Verdict("a writer ended by itself: \(outcome)")
    }
  }

  // MARK: Faults

  func freeze(_ target: Action.Target) -> Bool {
    guard let program = program(target), program.isRunning else { return false }
    program.send(SIGSTOP)
    frozen.insert(program.processID)
    return true
  }

  func thaw(_ target: Action.Target) {
    if target == .load { for program in overtaken { thaw(program) } }
    thaw(program(target))
  }

  func thaw(_ program: Program?) {
    guard let program, frozen.remove(program.processID) != nil else { return }
    program.send(SIGCONT)
  }

  func thawAll() {
    for program in all { thaw(program) }
  }

  func isFrozen(_ program: Program?) -> Bool {
    program.map { frozen.contains($0.processID) } ?? false
  }

  func noteFrozen(_ process: pid_t) { frozen.insert(process) }

  private func program(_ target: Action.Target) -> Program? {
    switch target {
    case .worker(let slot): worker(slot)
    case .writer: writer
    case .load: load
    }
  }

  private var all: [Program] {
    Array(workers.values) + overtaken + [writer, load].compactMap { $0 }
  }

  func waited(_ program: Program, _ seconds: Double) throws -> Program.Outcome {
    do {
      return try program.wait(atMost: seconds)
    } catch let failure as Program.Failure {
      throw Verdict(failure.description)
    }
  }

  /// The exit codes that a process may have: success, killed by this harness, or one that means to try again
  /// (no server, a lock, a fenced worker).
  private static let endings: Set<Int32> = [0, 69, 75, 128 + SIGKILL, 128 + SIGTERM]

  /// The outcomes of processes that ended in another way, which shows a defect.
  func verdicts() -> [String] {
    all.compactMap { program in
      guard !program.isRunning, let outcome = try? program.wait(atMost: 1) else { return nil }
      return Self.endings.contains(outcome.status) ? nil : "\(outcome)"
    }
  }

  func killWorkers(except: Set<pid_t> = []) -> Int {
    var killed = 0
    for (slot, program) in workers where !except.contains(program.processID) {
      if program.isRunning { killed += 1 }
      frozen.remove(program.processID)
      program.kill()
      workers[slot] = nil
    }
    return killed
  }

  var frozenProcesses: Set<pid_t> { frozen }

  func killAll() {
    for program in all { program.kill() }
    frozen = []
  }
}
