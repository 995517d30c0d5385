import EventGenerator
import EventModel
import Foundation
import Support

/// One run of `generate`: from the simulation through the faults to the target, everything counted.
struct GenerateRun {
  private let options: GenerateOptions
  private var sink: CountedTarget
  private var faults: FaultInjector
  private let stop = Signals.stop
  private let start = ContinuousClock.now

  init(_ target: any LineTarget, _ options: GenerateOptions) throws {
    if let path = options.truthPath { try GeneratorTruth.makeWay(at: path) }
    self.options = options
    let truth = GeneratorTruth(
      pages: options.scenario.pages, keepsMinutes: options.writesTruth)
    sink = CountedTarget(target, truth, stop)
    faults = FaultInjector(options.faults, seed: options.scenario.config.seed)
  }

  /// Writes the run from its start to its end.
  mutating func whole() throws {
    let run = ParallelRun(options.scenario, threads: options.threads)
    sink.truth.cutSessions = try run.run { try accept($0) }
    if sink.truth.cutSessions == nil, stop.isRequested { try interrupted() }
    try finish()
  }

  /// Writes the events up to now at once, then later ones as the clock reaches their times, until the stop.
  mutating func follow() throws {
    var simulation = Simulation(options.scenario)
    var time = options.now
    let wallStart = ContinuousClock.now
    while try simulation.runLines(until: time, { try accept($0) }) {
      _ = try faults.release(through: time) { try sink.write($0) }
      try sink.target.flush()
      sink.showProgress()
      stop.wait(seconds: 0.1)
      if stop.isRequested { break }
      let elapsed = (ContinuousClock.now - wallStart) / .milliseconds(1)
      time = options.now + Int64(elapsed * options.speedup)
    }
    try finish()
  }

  private mutating func accept(_ line: EventLine) throws -> Bool {
    if options.faults.isNone { return try sink.write(line) }
    return try faults.accept(line) { try sink.write($0) }
  }

  /// Ends a run that was stopped with an error, so that half a run is not taken for a whole one.
  private mutating func interrupted() throws {
    let outcome = try sink.target.abandon()
    if let path = options.truthPath { try sink.truth.write(to: path) }
    sink.progress.finish()
    throw CommandError(
      .temporaryFailure,
      "stopped at \(ISOTime.text(sink.lastTime)) of event time, before the run's end: \(outcome); "
        + "the same command gives the whole run")
  }

  /// Writes the lines that faults still hold back, so that none is lost, and closes the target.
  private mutating func finish() throws {
    _ = try faults.release(through: .max) {
      _ = try sink.write($0)
      return true
    }
    try sink.target.finish(sink.truth)
    if let path = options.truthPath { try sink.truth.write(to: path) }
    sink.progress.finish()
  }

  /// Says what was done.
  func report() {
    let truth = sink.truth
    func total(_ measure: GeneratorTruth.Measure) -> Int64 {
      Topic.allCases.reduce(0) { $0 + truth.total($1, measure) }
    }
    let events = total(.events)
    let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
    Terminal.say(
      "generated \(events.grouped) events (\(Terminal.bytes(sink.target.byteCount))) in "
        + "\(Terminal.duration(seconds)) (\(Int(Double(events) / seconds).grouped)/s) "
        + "to \(sink.target.name)", .info, [.number(.records, events), .seconds(seconds)])
    if sink.target.recordsBefore > 0 {
      Terminal.say(
        "\(sink.target.recordsBefore.grouped) of the lines were in the log from a run that "
          + "had not come to its end; this one went on behind them")
    }
    let faults = [
      (total(.late), "late"), (total(.outOfOrder), "out of order"), (total(.duplicate), "twice"),
      (total(.malformed), "malformed lines besides"),
    ].filter { $0.0 > 0 }
    if !options.faults.isNone, !faults.isEmpty {
      let parts = faults.map { "\($0.0.grouped) \($0.1)" }
      Terminal.say("of these, \(parts.joined(separator: ", "))")
    }
    if let cut = truth.cutSessions, cut > 0 {
      Terminal.say(
        (cut == 1
          ? "1 session was under way at the end and is cut there; "
          : "\(cut.grouped) sessions were under way at the end and are cut there; ")
          + "--finish-sessions lets sessions go on to their end")
    }
  }
}

/// A target, together with the truth: the counts of what was written to it.
private struct CountedTarget {
  var target: any LineTarget
  var truth: GeneratorTruth
  let progress = ProgressLine("generate")
  /// Event time of the line that was written last, milliseconds since 1970-01-01 UTC.
  private(set) var lastTime: Int64 = 0
  private let stop: StopToken
  private var count = 0

  init(_ target: any LineTarget, _ truth: GeneratorTruth, _ stop: StopToken) {
    self.target = target
    self.truth = truth
    self.stop = stop
  }

  /// - Returns: false where the run is to end.
  mutating func write(_ line: EventLine) throws -> Bool {
    let goesOn = try target.write(line)
    truth.record(line.header)
    lastTime = line.header.ts
    count += 1
    if count & 0xFFF == 0 { showProgress() }
    return goesOn && !stop.isRequested
  }

  func showProgress() { progress.update(count) }
}
