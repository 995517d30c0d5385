import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// Days by the users' own clocks.
@Suite struct LocalTimeTests {
  /// The hours of UTC in which users west and east of 100 degrees west, about the middle of the
  /// United States, begin fewest sessions.
  private func quietestHours(localTime: Bool) throws -> (west: Int, east: Int) {
    var overrides = GeneratorConfig.Overrides()
    overrides.users = 4000
    overrides.end = monday + 4 * day
    let config = try simpleConfig(
      "\"seed\": 7, \"damping\": 0.12, \"weekend-damping\": 0, \"beta\": 14400",
      transitions: [("A", "A", 0)], overrides: overrides)
    var simulation = Simulation(
      try Scenario(
        groups: [Scenario.Group(config)], catalogue: smallCatalogue, usesLocalTime: localTime))
    var west = [Int](repeating: 0, count: 24)
    var east = west
    simulation.run(until: nil) { event in
      let hourOfDay = Int((event.ts - monday) / hour % 24)
      // Only the two coasts are counted, so that each side has one clock or nearly so.
      if let lon = event.lon, lon < -112 { west[hourOfDay] += 1 }
      if let lon = event.lon, lon > -82 { east[hourOfDay] += 1 }
      return true
    }
    func quietest(_ hours: [Int]) throws -> Int {
      try #require(hours.indices.min { hours[$0] < hours[$1] })
    }
    return (try quietest(west), try quietest(east))
  }

  @Test func withoutItAllUsersSleepAtOnce() throws {
    let (west, east) = try quietestHours(localTime: false)
    #expect((1...4).contains(west) && (1...4).contains(east), "\(west), \(east)")
  }

  @Test func withItUsersSleepByTheSun() throws {
    let (west, east) = try quietestHours(localTime: true)
    // 3 am is 11 am UTC eight hours west of Greenwich, and 8 am UTC five hours west.
    #expect((10...12).contains(west) && (7...9).contains(east), "\(west), \(east)")
  }

  @Test func aClockIsAheadByAnHourForEvery15Degrees() {
    #expect(World.clockOffset(longitude: -118.2) == -8 * hour)
    #expect(World.clockOffset(longitude: -74) == -5 * hour)
    #expect(World.clockOffset(longitude: 7.4) == 0)
    #expect(World.clockOffset(longitude: 139.7) == 9 * hour)
  }
}
