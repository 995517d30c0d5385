import EventGenerator
import Foundation
import Support

let generateCommand = CommandSpec(
  name: "generate",
  summary: "Simulates a music-streaming service's users and writes their events.",
  flags: [
    Flag("--config", "FILE", "an eventsim config in JSON (default: our own)"),
    Flag("--users", "N", "users at the start"),
    Flag("--from", "T", "first event time: 2026-01-01, 2026-01-01T00:00:00Z, or 7d for days ago"),
    Flag("--to", "T", "end of event time, exclusive (default: the config's end-date, else now)"),
    Flag("--continuous", nil, "go on in real time after that, until stopped"),
    Flag("--speedup", "X", "with --continuous: X simulated seconds a second (default 1)"),
    Flag("--seed", "N", "the only source of chance: the same seed gives the same bytes"),
    Flag("--growth-rate", "R", "new users a year, as a fraction of the users"),
    Flag("--attrition-rate", "R", "users leaving a year, as a fraction of the users"),
    Flag(
      "--gap-distribution", "D", "of the time between requests: lognormal (default), exponential"),
    Flag("--finish-sessions", nil, "let sessions that are under way at the end go on to theirs"),
    Flag("--tag", "S", "test group, written into every event"),
    Flag("--groups", "TAG=W[:FILE],…", "A/B groups: tag, weight, and a config of their own"),
    Flag("--first-user-id", "N", "the first user's id"),
    Flag("--countries", "C[=W],…", "where users are, with weights: US=3,CA=1; all (default US)"),
    Flag("--local-time", nil, "day, night and weekend by each user's own clock instead of UTC"),
    Flag(
      "--catalogue", "DIR", "songs from DIR/tracks.csv, users from DIR/users.csv if it is there"),
    Flag("--export-catalogue", "DIR", "write the songs and users as DIR/tracks.csv, DIR/users.csv"),
    Flag("--late-fraction", "F", "the part of the events that come late, 0 to 1"),
    Flag("--late-by", "D[..D]", "how late: 90s, 10m, 2h, 1d, or 10m..3h (default 1h)"),
    Flag("--duplicate-fraction", "F", "the part of the events that come twice, 0 to 1"),
    Flag("--duplicate-by", "D[..D]", "how much later the second time is (default 0s..60s)"),
    Flag("--malformed-fraction", "F", "the part of the events that come as something else"),
    Flag("--out-of-order-by", "D", "put every event off by a time of its own, up to this"),
    Flag("--output", "DIR", "write listen_events.ndjson, … and truth.json into DIR; - for stdout"),
    Flag("--truth", "FILE", "write there what was written, counted; --output has it by itself"),
    Flag("--dry-run", nil, "simulate and encode, but write no events"),
    Flag("--threads", "N", "threads that simulate (default: one a core); the bytes are the same"),
    Flag("--again", nil, "write once more what the log has all of; it counts once all the same"),
    LocationFlags.log, LocationFlags.data, LocationFlags.partitions,
  ] + KafkaFlags.all
) { arguments in
  let options = try GenerateOptions(arguments)
  for warning in options.warnings { Notices(prefix: "polyrhythm: ").say(warning, .warning) }
  if let directory = options.exportDirectory {
    let simulation = Simulation(options.scenario)
    try CatalogueTables.writeTracks(options.scenario.catalogue, to: directory)
    let listeners = simulation.listeners
    try CatalogueTables.writeUsers(listeners, to: directory)
    let songs = options.scenario.catalogue.songs.count.grouped
    Terminal.say(
      "wrote \(songs) songs and \(listeners.count.grouped) users to \(directory)")
    if options.target == nil { return }
  }
  let target: any LineTarget
  switch options.target {
  case .files(let directory): target = try FileTarget(directory, options.scenario)
  case .standardOutput: target = StandardOutput()
  case .nowhere: target = NoTarget()
  case .log, nil:
    let log = try LogTarget(Locations(arguments), options.source, options.scenario)
    // With a truth wanted the run goes on, because the truth is counted from its events.
    if let known = log.known, !options.writesTruth {
      Terminal.say(
        "already in the log: \(known.records.grouped) records of this run, nothing to do",
        .info, [.number(.records, known.records)])
      return
    }
    if let notice = log.memoryNotice { Terminal.say(notice) }
    target = log
  }
  var run = try GenerateRun(target, options)
  if options.isContinuous { try run.follow() } else { try run.whole() }
  run.report()
}
