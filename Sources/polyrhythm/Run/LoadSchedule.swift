import BatchLayer
import EventLog
import Foundation
import Metrics
import Support
import Warehouse

/// When loads are due, as the command line says it, and what is told of them.
struct LoadSchedule: Sendable, CustomStringConvertible {
  static let flags = [
    Flag("--cron", "EXPR", "when to load (default \"0 0 * * *\", every midnight)"),
    Flag("--time-zone", "TZ", "of the cron expression: an IANA name (default UTC)"),
    Flag("--load-every", "SECONDS", "load this often instead of by a cron expression"),
    Flag("--on-failure", "COMMAND", "run this by sh when a load has failed for good"),
  ]

  private let trigger: Scheduler.Trigger
  private let hook: FailureHook
  let description: String

  /// - Throws: `UsageError` or `ScheduleError` naming the flag and its value.
  init(_ arguments: Arguments) throws {
    if let seconds = try arguments.double("--load-every", in: 1...1e8) {
      guard !arguments.has("--cron") else {
        throw UsageError("--cron and --load-every exclude each other")
      }
      trigger = .every(seconds: seconds)
      description = "incremental load every \(Terminal.duration(seconds))"
    } else {
      let expression = try CronExpression(arguments.string("--cron") ?? "0 0 * * *")
      let zone = arguments.string("--time-zone") ?? "UTC"
      trigger = .cron(expression, try TimeZoneClock(identifier: zone).timeZone)
      description = "incremental load at \"\(expression)\" (\(zone))"
    }
    // Now, and not after whatever comes before the first look at the clock.
    _ = try trigger.requireNext(after: Int64(Date().timeIntervalSince1970 * 1000))
    hook = arguments.string("--on-failure").map { FailureHook.command($0) } ?? .none
  }

  /// Loads on time until the stop; says what happens, a line at a time.
  func run(
    _ configuration: BatchLoader.Configuration, library: SQLLibrary, lake: DirectoryLog,
    stop: StopToken, say: @escaping @Sendable (String) -> Void,
    onLoad: @escaping @Sendable (BatchLoader.Summary) -> Void = { _ in }
  ) throws {
    var scheduler = Scheduler(
      trigger: trigger, databaseURL: configuration.databaseURL, library: library
    ) { kind, stop in
      try BatchLoader(lake: lake, library: library, configuration: configuration)
        .load(kind, stop: stop)
    }
    scheduler.hook = hook
    scheduler.report = { report in
      switch report {
      case .starting: break
      case .published(let summary):
        onLoad(summary)
        say(describe(summary))
      default: say(report.description)
      }
    }
    try scheduler.run(stop: stop)
  }
}

let scheduleCommand = CommandSpec(
  name: "schedule",
  summary:
    "Loads on time: a full load first, then an incremental one at each instant of the schedule.",
  flags: [LocationFlags.lake, LocationFlags.database, LocationFlags.data] + LoadSchedule.flags
    + [latenessFlag]
) { arguments in
  let schedule = try LoadSchedule(arguments)
  let kernel = try kernelConfiguration(arguments)
  let locations = try Locations(arguments)
  defer { locations.close() }
  let lake = try locations.lake()
  var configuration = BatchLoader.Configuration(databaseURL: try locations.migratedDatabaseURL())
  configuration.kernel = kernel
  locations.keepDatabase(stop: Signals.stop, say: { Terminal.say("schedule: \($0)") })
  Terminal.say("schedule: \(schedule.description)")
  try schedule.run(
    configuration, library: locations.library, lake: lake, stop: Signals.stop,
    say: { Terminal.say("schedule: \($0)") })
  try locations.requireSameDatabase()
}
