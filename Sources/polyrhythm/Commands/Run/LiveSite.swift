import EventGenerator
import EventLog
import Feed
import Foundation
import Support

/// The simulated site behind `run`: writes its history into the log, then goes on in real time.
final class LiveSite {
  private var simulation: Simulation
  private let sink: EventWriter
  private let catalogue: CatalogueWriter
  private var news: CatalogueNews
  private let state: GeneratorState
  /// Events written by this process; read from other threads.
  let written: SharedCounter

  /// Seconds between writes of live events.
  private static let tick = 0.2

  /// - Parameters:
  ///   - state: as it stands in the data directory.
  ///   - partitions: of topics that are made.
  init(
    _ state: GeneratorState, log: any EventLog, partitions: Int, written: SharedCounter
  ) throws {
    var overrides = GeneratorConfig.Overrides()
    overrides.seed = state.seed
    overrides.users = state.users
    overrides.start = state.from
    overrides.endless = true
    let scenario = try Scenario(GeneratorConfig.standard(overrides))
    simulation = Simulation(scenario)
    sink = try EventWriter(log)
    catalogue = try CatalogueWriter(log, partitions: partitions)
    news = CatalogueNews(scenario)
    self.state = state
    self.written = written
    guard let journal = sink.journal else { return }
    // The log counts the site's events that it holds, so a site that was killed goes on at the next event.
    if let known = try journal.known(state.sourceID).last {
      try journal.resume(known)
    } else {
      try journal.begin(state.sourceID, title: "the site of polyrhythm run, seed \(state.seed)")
    }
    sink.sourceBegan()
  }

  /// Writes the events that are not in the log yet.
  /// - Parameters:
  ///   - end: of event time, milliseconds since 1970-01-01 UTC.
  ///   - progress: gets the number of events so far, once every 4096.
  /// - Returns: the number of events written.
  @discardableResult
  func write(until end: Int64, stop: StopToken, progress: (Int) -> Void = { _ in }) throws -> Int {
    let before = sink.count
    var seen = 0
    _ = try simulation.runLines(until: end) { line in
      let header = line.header
      if header.ts > state.emittedThrough {
        let before = sink.count
        try sink.append(
          line.bytes, topic: header.topic, timestamp: header.ts, userId: header.userId,
          sessionId: header.sessionId)
        // What the log has from an earlier run it has with its catalogue.
        if sink.count > before {
          for record in news.records(before: line) { try catalogue.append(record, at: header.ts) }
        }
        seen += 1
        if seen & 0xFFF == 0 { progress(seen) }
      }
      return !stop.isRequested
    }
    let count = sink.count - before
    // The catalogue is there before the events that show it.
    try catalogue.flush()
    // Also where nobody does anything: the log seals segments that have become old when it is flushed.
    try sink.flush()
    written.add(count)
    return count
  }

  /// Writes events as the wall clock reaches their times, until the stop.
  func follow(stop: StopToken) throws {
    while !stop.isRequested {
      try write(until: Int64(Date().timeIntervalSince1970 * 1000), stop: stop)
      stop.wait(seconds: Self.tick)
    }
    try catalogue.close()
    try sink.close()
  }
}
