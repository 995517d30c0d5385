import BatchLayer
import EventLog
import EventModel
import Foundation
import ServingLayer
import SpeedLayer
import Support
import Warehouse

let runCommand = CommandSpec(
  name: "run",
  summary:
    "Everything in one process on embedded defaults: a simulated site, both layers, the page.",
  flags: [
    LocationFlags.data,
    Flag(
      "--log", "URL", "kafka:HOST:PORT,…: the site's log there, and in the data directory its copy",
      environment: "POLYRHYTHM_LOG"), ServerFlags.listen,
    Flag("--users", "N", "users of the simulated site (default 10000)"),
    Flag("--history-days", "N", "days of history before the first start (default 7)"),
    Flag("--seed", "N", "of the simulated site (default 7)"),
    Flag("--for", "SECONDS", "end by itself after so long, with a summary"),
  ] + ServerFlags.access + [LocationFlags.partitions, KernelFlags.lateness]
    + LoadSchedule.flags + [LoadFlags.minutes] + KafkaFlags.reading
) { arguments in
  var server = try ServerFlags.configuration(arguments)
  let users = try arguments.int("--users", in: 1...10_000_000)
  let historyDays = try arguments.int("--history-days", in: 0...3650) ?? 7
  let seed = try arguments.int("--seed", in: 0...Int.max) ?? 7
  let lifetime = try arguments.double("--for", in: 1...1e9)
  let schedule = try LoadSchedule(arguments)
  let flags = try LoadFlags(arguments)
  let partitions = try arguments.int("--partitions", in: 1...1024) ?? Locations.defaultPartitions
  let locations = try Locations(arguments, makesData: true)
  defer { locations.close() }
  server.operations = LoadProcess(arguments, data: locations.dataDirectory).operations
  let run = try Run(
    locations: locations, server: server, schedule: schedule, flags: flags,
    partitions: partitions)
  let now = Int64(Date().timeIntervalSince1970 * 1000)
  let fresh = GeneratorState(
    seed: UInt64(seed), users: users ?? 10_000, from: now - Int64(historyDays) * 86_400_000,
    emittedThrough: 0)
  try run.run(fresh, users: users, lifetime: lifetime, stop: Signals.stop)
}
