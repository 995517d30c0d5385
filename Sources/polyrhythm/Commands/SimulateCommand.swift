import Foundation
import Simulation
import Support
import Warehouse

let simulateCommand = CommandSpec(
  name: "simulate",
  summary:
    "Runs generator, log and both layers in one process through faults drawn from a seed, against an oracle.",
  flags: [
    Flag("--seed", "N", "the only source of chance: the same seed takes the same steps"),
    Flag("--steps", "K", "steps of a simulation (default 40)"),
    Flag("--runs", "R", "simulations, each of the next seed (default 1)"),
    Flag("--for", "SECONDS", "begin no further simulation after so long"),
    Flag("--shrink-seconds", "S", "for finding a shorter sequence that fails too (default 120)"),
    Flag("--verbose", nil, "say each step as it is taken"),
  ]
) { arguments in
  guard let seed = try arguments.bits("--seed") else {
    throw UsageError("simulate needs --seed N; any number will do")
  }
  var configuration = SimulationRun.Configuration(seed: seed)
  configuration.steps = try arguments.int("--steps", in: 1...100_000) ?? configuration.steps
  configuration.lifetime = try arguments.double("--for", in: 0...1e7)
  configuration.runs =
    try arguments.int("--runs", in: 1...1_000_000)
    ?? (configuration.lifetime == nil ? 1 : 1_000_000)
  configuration.shrinkSeconds =
    try arguments.double("--shrink-seconds", in: 0...1e6) ?? configuration.shrinkSeconds
  configuration.isVerbose = arguments.has("--verbose")
  let start = ContinuousClock.now
  let run = SimulationRun(configuration, library: try SQLLibrary()) { Terminal.say($0) }
  let summary = try run.run(stop: Signals.stop)
  print(
    "simulate: \(summary.runs.grouped) runs, \(summary.steps.grouped) steps, "
      + "\(summary.events.grouped) events, \(summary.looks.grouped) looks in "
      + "\(Terminal.duration((ContinuousClock.now - start) / .seconds(1))): all as the oracle has it"
  )
}
