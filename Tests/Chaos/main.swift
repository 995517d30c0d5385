import Foundation
import Glibc
import Simulation

let variables = ProcessInfo.processInfo.environment
func number(_ name: String, _ otherwise: Double) -> Double {
  variables[name].flatMap { $0.isEmpty ? nil : Double($0) } ?? otherwise
}

let seconds = number("SECONDS", 600)
let firstSeed =
  variables["SEED"].flatMap { $0.isEmpty ? nil : UInt64($0) } ?? UInt64.random(in: 1...1_000_000)
let without = Set(
  (variables["WITHOUT"] ?? "").split(separator: ",").compactMap {
    Schedule.Trouble(rawValue: String($0))
  })
let campaign = Campaign(
  firstSeed: firstSeed, seconds: seconds, episodes: Int(number("EPISODES", 1e6)),
  shrinkSeconds: number("SHRINK_SECONDS", 180), without: without,
  isLoud: variables["QUIET"] == nil, isSweep: variables["SWEEP"] != nil)
do {
  exit(try campaign.run() ? 0 : 1)
} catch {
  print("chaos could not go on: \(error)")
  exit(70)
}
