import BatchLayer
import EventLog
import Foundation
import Metrics
import Support
import Warehouse

/// The schedule of loads that the command line asks for, and the loop that loads on time.
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
    // A schedule that is never due is refused here, before a database is made or started.
    _ = try trigger.requireNext(after: Int64(Date().timeIntervalSince1970 * 1000))
    hook = arguments.string("--on-failure").map { FailureHook.command($0) } ?? .none
  }

  /// Loads on time until the stop.
  /// - Parameters:
  ///   - say: gets what happens, a line at a time.
  ///   - onLoad: gets each load that was published.
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
    let sources = PublishedSources(lake, library: library, configuration, stop: stop)
    // The process before this one may have died between its publication and the moves.
    sources.moveAfterPublication(say: say)
    scheduler.report = { report in
      switch report {
      case .starting: break
      case .published(let summary):
        onLoad(summary)
        for line in summary.lines { say(line) }
        PublishedSources(lake, library: library, configuration, stop: stop)
          .moveAfterPublication(say: say)
      default: say(report.description)
      }
    }
    try scheduler.run(stop: stop)
  }
}
