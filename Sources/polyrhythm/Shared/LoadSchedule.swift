import BatchLayer
import EventLog
import EventSources
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
    Flag(
      "--hook", "URL", "post a JSON document there when a load has failed for good or is late",
      environment: "POLYRHYTHM_HOOK"),
    Flag(
      "--late-after", "D", "how long after its time a load is late, if it is not published: 2h"),
  ]

  private let trigger: Scheduler.Trigger
  private let hook: FailureHook
  /// Where failed and late loads are told.
  private let address: String?
  /// Seconds; nil where no load is ever late.
  private let lateAfter: Double?
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
    address = arguments.string("--hook")
    if let address {
      do { try WebHook.requireAddress(address) } catch {
        throw UsageError("--hook: \(error.message)")
      }
    }
    lateAfter = try arguments.durations("--late-after").map { bound in
      guard bound.lowerBound == bound.upperBound, bound.lowerBound >= 1000 else {
        throw UsageError("--late-after: it is one length of time, 1s at least, such as 2h")
      }
      return Double(bound.lowerBound) / 1000
    }
  }

  /// Loads on time until the stop.
  /// - Parameters:
  ///   - notices: says what happens.
  ///   - onLoad: gets each load that was published.
  func run(
    _ configuration: BatchLoader.Configuration, library: SQLLibrary, lake: DirectoryLog,
    stop: StopToken, notices: Notices,
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
    sources.moveAfterPublication { notices.say($0) }
    scheduler.lateAfter = lateAfter
    let web = try address.map { try WebHook($0) { notices.say($0, .warning) } }
    defer { web?.finish() }
    scheduler.report = { report in
      if let message = HookMessage(report) { web?.post(message.json) }
      switch report {
      case .starting: break
      case .published(let summary):
        onLoad(summary)
        for notice in summary.notices { notices.say(notice) }
        PublishedSources(lake, library: library, configuration, stop: stop)
          .moveAfterPublication { notices.say($0) }
      default: notices.say(report.notice)
      }
    }
    try scheduler.run(stop: stop)
  }
}

extension Scheduler.Report {
  /// The report as it is said.
  fileprivate var notice: Notice {
    switch self {
    case .waiting, .starting, .published, .busy: return Notice(description)
    case .retrying(_, let attempt, _):
      return Notice(description, .warning, [.number(.attempt, attempt)])
    case .failed(let failure):
      var fields: [Notice.Field] = [.number(.attempt, failure.attempts)]
      if let run = failure.run { fields.append(.number(.loadRun, run)) }
      return Notice(description, .error, fields)
    case .hookFailed, .late: return Notice(description, .warning)
    }
  }
}
