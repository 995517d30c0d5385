import EventModel
import Foundation

@testable import EventGenerator

/// The bounds that statistical tests use, each with its probability. Every seed is fixed, so that a test that
/// passes once always passes; the bounds say how unlikely a failure would be for a right program and a random
/// seed.
enum Statistics {
  /// Standard errors that a measured value may be off. By chance it is further off in one of 16,000 cases.
  static let tolerance = 4.0

  /// The bound that a chi-square statistic exceeds in one of `rarity` cases (Wilson and Hilferty's
  /// approximation, which errs upwards for few degrees of freedom).
  static func chiSquareBound(degrees: Int, oneIn rarity: Double = 10_000) -> Double {
    let k = Double(degrees)
    let spread = 2 / (9 * k)
    return k * pow(1 - spread + normalBound(oneIn: rarity) * spread.squareRoot(), 3)
  }

  /// The bound that a standard normal variate exceeds in one of `rarity` cases.
  static func normalBound(oneIn rarity: Double) -> Double {
    var low = 0.0
    var high = 40.0
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if erfc(middle / 2.0.squareRoot()) / 2 > 1 / rarity { low = middle } else { high = middle }
    }
    return low
  }

  /// The chi-square statistic of counts against the expected counts. Cells with less than 5 expected are
  /// taken together, since the law holds for large counts only.
  static func chiSquare(_ counts: [Double], expected: [Double]) -> (value: Double, degrees: Int) {
    var value = 0.0
    var cells = 0
    var small = (count: 0.0, expected: 0.0)
    for (count, expected) in zip(counts, expected) {
      if expected < 5 {
        small.count += count
        small.expected += expected
      } else {
        value += (count - expected) * (count - expected) / expected
        cells += 1
      }
    }
    if small.expected >= 1 {
      value += (small.count - small.expected) * (small.count - small.expected) / small.expected
      cells += 1
    }
    return (value, max(1, cells - 1))
  }

  /// The distance of Kolmogorov and Smirnov between values and the uniform distribution on 0...1,
  /// times the square root of their number: above 2.2253 in one of 10,000 cases.
  static func distanceFromUniform(_ values: [Double]) -> Double {
    let n = Double(values.count)
    var distance = 0.0
    for (rank, value) in values.sorted().enumerated() {
      distance = max(distance, value - Double(rank) / n, Double(rank + 1) / n - value)
    }
    return distance * n.squareRoot()
  }

  static let uniformBound = 2.2253

  /// The cumulative standard normal distribution.
  static func normal(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }
}

/// Keys of a config without day and night and without weekends.
let even = "\"seed\": 77, \"damping\": 0, \"weekend-damping\": 0"

func overrides(users: Int, days: Double) -> GeneratorConfig.Overrides {
  var overrides = GeneratorConfig.Overrides()
  overrides.users = users
  overrides.end = monday + Int64(days * Double(day))
  return overrides
}

/// Calls `body` with every event of a run.
func forEachEvent(of config: GeneratorConfig, _ body: (Event) -> Void) {
  var simulation = Simulation(config: config, catalogue: smallCatalogue)
  simulation.run(until: nil) { event in
    body(event)
    return true
  }
}

/// The times of each user's page views, in order; the index is the user's number.
func times(of config: GeneratorConfig) -> [[Int64]] {
  var times = [[Int64]](repeating: [], count: config.users)
  forEachEvent(of: config) { event in
    guard event.topic == .pageView, let user = event.userId else { return }
    let index = Int(user - config.firstUserId)
    while index >= times.count { times.append([]) }
    times[index].append(event.ts)
  }
  return times
}
