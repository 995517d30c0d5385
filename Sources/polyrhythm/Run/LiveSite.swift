import EventGenerator
import EventLog
import EventSources
import Foundation
import Support
import Synchronization

/// The simulated site behind `run`: writes its history into the log, then goes on in real time.
final class LiveSite {
  private var simulation: Simulation
  private let sink: EventWriter
  private var state: GeneratorState
  private let directory: String
  /// Events written by this process; read from other threads.
  let written: Counter

  final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .relaxed) }
    func add(_ amount: Int) { value.add(amount, ordering: .relaxed) }
  }

  /// Seconds between writes of live events.
  private static let tick = 0.2

  init(_ state: GeneratorState, log: any EventLog, directory: String, written: Counter) throws {
    var overrides = GeneratorConfig.Overrides()
    overrides.seed = state.seed
    overrides.users = state.users
    overrides.start = state.from
    overrides.endless = true
    simulation = Simulation(config: try GeneratorConfig.standard(overrides))
    sink = try EventWriter(log)
    self.state = state
    self.directory = directory
    self.written = written
  }

  /// Writes the events up to `end` that are not in the log yet.
  /// - Returns: how many.
  @discardableResult
  func write(until end: Int64, stop: StopToken, progress: (Int) -> Void = { _ in }) throws -> Int {
    var count = 0
    var last = state.emittedThrough
    try simulation.run(until: end) { event in
      if event.ts > state.emittedThrough {
        try sink.append(event)
        count += 1
        if count & 0xFFF == 0 { progress(count) }
        last = event.ts
      }
      return !stop.isRequested
    }
    guard count > 0 else { return 0 }
    try sink.flush()
    // Events of one millisecond may lie on both sides of a stop; these come again and are recognised.
    state.emittedThrough = stop.isRequested ? last - 1 : end - 1
    try state.save(directory)
    written.add(count)
    return count
  }

  /// Follows the wall clock until the stop.
  func follow(stop: StopToken) throws {
    while !stop.isRequested {
      try write(until: Int64(Date().timeIntervalSince1970 * 1000), stop: stop)
      stop.wait(seconds: Self.tick)
    }
    try sink.close()
  }
}
