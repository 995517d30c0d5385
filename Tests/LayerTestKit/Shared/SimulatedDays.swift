import EventGenerator
import TestKit

/// 2026-03-02, a Monday, in milliseconds since 1970.
public let monday: Int64 = 1_772_409_600_000
/// Milliseconds of a day.
public let dayMs: Int64 = 86_400_000

/// A generated stretch of the site's life, with faults, in the order in which a log gets it.
/// - Parameters:
///   - start: milliseconds since 1970.
///   - faults: nil gives the events as they happened.
/// - Throws: `GeneratorError` where no site can be made of the numbers.
public func simulated(
  seed: UInt64, users: Int = 60, days: Double = 1, from start: Int64 = monday,
  faults: Faults? = Faults()
) throws -> [LoggedRecord] {
  var overrides = GeneratorConfig.Overrides()
  overrides.seed = seed
  overrides.users = users
  overrides.start = start
  overrides.end = start + Int64(days * Double(dayMs))
  var simulation = Simulation(
    config: try .standard(overrides), catalogue: Catalogue(seed: 5, artists: 40, songs: 200))
  var records: [LoggedRecord] = []
  simulation.run(until: nil) { event in
    records.append(LoggedRecord(event))
    return true
  }
  guard let faults else { return records }
  var random = SeededRandom(seed: seed)
  return faults.apply(to: records, random: &random)
}
