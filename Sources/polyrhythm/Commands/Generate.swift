import EventGenerator
import EventLog
import EventModel
import EventSources
import Foundation
import Support

let generateCommand = CommandSpec(
  name: "generate",
  summary: "Simulates a music-streaming service's users and writes their events.",
  flags: [
    Flag("--config", "FILE", "an eventsim config in JSON (default: our own)"),
    Flag("--users", "N", "users at the start"),
    Flag("--from", "T", "first event time: 2026-01-01, 2026-01-01T00:00:00Z, or 7d for days ago"),
    Flag("--to", "T", "end of event time, exclusive (default now)"),
    Flag("--continuous", nil, "go on in real time after that, until stopped"),
    Flag("--speedup", "X", "with --continuous: X simulated seconds a second (default 1)"),
    Flag("--seed", "N", "the only source of chance: the same seed gives the same bytes"),
    Flag("--growth-rate", "R", "new users a year, as a fraction of the users"),
    Flag("--attrition-rate", "R", "users leaving a year, as a fraction of the users"),
    Flag("--tag", "S", "test group, written into every event"),
    Flag("--first-user-id", "N", "the first user's id"),
    Flag("--output", "DIR", "write listen_events.ndjson, … and truth.json into DIR"),
    PlaceFlags.log, PlaceFlags.data, PlaceFlags.kafka, PlaceFlags.partitions,
  ]
) { arguments in
  let now = Int64(Date().timeIntervalSince1970 * 1000)
  let isContinuous = arguments.has("--continuous")
  let speedup = try arguments.double("--speedup", in: 0.001...1_000_000) ?? 1
  var overrides = GeneratorConfig.Overrides()
  overrides.users = try arguments.int("--users", in: 1...100_000_000)
  overrides.start = try arguments.time("--from", now: now)
  overrides.end = try arguments.time("--to", now: now)
  overrides.endless = isContinuous
  overrides.seed = try arguments.int("--seed", in: 0...Int.max).map { UInt64($0) }
  overrides.growthRate = try arguments.double("--growth-rate", in: 0...1000)
  overrides.attritionRate = try arguments.double("--attrition-rate", in: 0...1000)
  overrides.tag = arguments.string("--tag")
  overrides.firstUserId = try arguments.int("--first-user-id", in: 0...Int.max).map { Int64($0) }
  if isContinuous, arguments.has("--to") {
    throw UsageError("--to and --continuous exclude each other: continuous has no end")
  }
  if let from = overrides.start, let to = overrides.end, to <= from {
    throw UsageError(
      "--to: \(arguments.string("--to") ?? "") is not after --from "
        + "\(arguments.string("--from") ?? "")")
  }
  let config =
    try arguments.string("--config").map { path in
      try GeneratorConfig.load(path: path, overrides)
    } ?? GeneratorConfig.standard(overrides)
  for warning in config.warnings { Terminal.say("polyrhythm: \(warning)") }
  var simulation = Simulation(config: config)
  let stop = Signals.stop
  let progress = ProgressLine("generate")
  let start = ContinuousClock.now
  var count = 0

  if let directory = arguments.string("--output") {
    guard !arguments.has("--log"), !isContinuous else {
      throw UsageError("--output writes files: it goes with neither --log nor --continuous")
    }
    let output = try FileOutput(directory: directory)
    try simulation.run(until: config.end ?? now) { event in
      try output.write(event)
      count += 1
      if count & 0xFFF == 0 { progress.update(count) }
      return !stop.isRequested
    }
    try output.finish()
    progress.finish()
    report(count, since: start, to: directory)
    return
  }

  let place = try Place(arguments)
  let log = try place.log()
  try place.makeLogDirectory()
  let names = Topic.allCases.map(\.name)
  try log.createTopics(names, partitions: place.partitions())
  let sink = try EventWriter(log)
  try simulation.run(until: isContinuous ? now : (config.end ?? now)) { event in
    try sink.append(event)
    count += 1
    if count & 0xFFF == 0 { progress.update(count) }
    return !stop.isRequested
  }
  try sink.flush()
  let wallStart = ContinuousClock.now
  while isContinuous, !stop.isRequested {
    let elapsed = (ContinuousClock.now - wallStart) / .milliseconds(1)
    try simulation.run(until: now + Int64(elapsed * speedup)) { event in
      try sink.append(event)
      count += 1
      return !stop.isRequested
    }
    try sink.flush()
    progress.update(count)
    usleep(100_000)
  }
  try sink.close()
  progress.finish()
  report(count, since: start, to: log.url)
}

private func report(_ count: Int, since start: ContinuousClock.Instant, to target: String) {
  let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
  Terminal.say(
    "generated \(Terminal.grouped(count)) events in \(Terminal.duration(seconds)) "
      + "(\(Terminal.grouped(Int(Double(count) / seconds)))/s) to \(target)")
}
