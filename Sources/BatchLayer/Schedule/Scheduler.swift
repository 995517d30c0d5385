import Foundation
import Support
import Warehouse

/// An error in a schedule, a time zone or a failure hook.
public struct ScheduleError: UserFacingError, CustomStringConvertible {
  /// One line for people: what is wrong, and what would be accepted.
  public var message: String

  init(_ message: String) { self.message = message }

  public var description: String { message }
  /// Always `.usage`, as schedules come from the command line.
  public var exitCode: ExitCode { .usage }
}

/// Loads on time: a full load where nothing was ever published, else an incremental load at each instant of
/// the schedule. However many instants passed while no scheduler was running, one load makes up for them.
///
/// One load runs at a time. While another process loads, the scheduler waits and then takes its turn, which is
/// no failure. A load that fails is tried again where that may help. After the last attempt the failure hook
/// runs, and the schedule goes on.
public struct Scheduler: Sendable {
  /// When loads are due.
  public enum Trigger: Sendable {
    /// At the times that the expression names, on the clock of the time zone.
    case cron(CronExpression, TimeZone)
    /// So many seconds after the former load began, and at least 1 ms.
    case every(seconds: Double)

    /// The first due instant after another, both in milliseconds since 1970; nil where there is none.
    public func next(after instant: Int64) -> Int64? {
      switch self {
      case .cron(let expression, let timeZone): expression.next(after: instant, in: timeZone)
      case .every(let seconds): instant + max(1, Int64((seconds * 1000).rounded()))
      }
    }

    /// As `next`, but an expression that is never due is an error.
    /// - Throws: `ScheduleError` with the expression.
    public func requireNext(after instant: Int64) throws(ScheduleError) -> Int64 {
      if let due = next(after: instant) { return due }
      let expression = if case .cron(let cron, _) = self { cron.description } else { "" }
      throw ScheduleError(
        "The cron expression '\(expression)' never comes: no month that it names has such a day; "
          + "correct it")
    }
  }

  /// What happens after a failure that may go away by itself.
  public struct RetryPolicy: Sendable {
    /// How often a load is tried in all, at least 1.
    public var attempts = 5
    /// Seconds between the first attempt and the second; each further wait is twice as long.
    public var firstDelay = 10.0
    /// Seconds that a wait between attempts is at most.
    public var longestDelay = 600.0
    /// Seconds to wait while another process is loading; such waits are no attempts.
    public var busyDelay = 15.0

    /// The defaults: 5 attempts, with waits of 10, 20, 40 and 80 s.
    public init() {}

    func delay(afterAttempt attempt: Int) -> Double {
      min(longestDelay, firstDelay * exp2(Double(attempt - 1)))
    }
  }

  /// The scheduler's source of time, which tests replace.
  public struct Clock: Sendable {
    /// Milliseconds since 1970-01-01 UTC.
    public var now: @Sendable () -> Int64
    /// Waits for so many seconds, or until the stop is asked for; may return early.
    public var wait: @Sendable (_ seconds: Double, _ stop: StopToken) -> Void

    /// The parameters are the properties of the same names.
    public init(
      now: @escaping @Sendable () -> Int64,
      wait: @escaping @Sendable (_ seconds: Double, _ stop: StopToken) -> Void
    ) {
      self.now = now
      self.wait = wait
    }

    /// The time of the operating system.
    public static let system = Clock(
      now: { Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) },
      wait: { seconds, stop in stop.wait(seconds: seconds) })
  }

  /// What the scheduler does; `description` is a line for people.
  public enum Report: Sendable, CustomStringConvertible {
    /// Nothing is due before this instant, in milliseconds since 1970.
    case waiting(until: Int64)
    /// An attempt begins; the first attempt of a load is 1.
    case starting(BatchLoader.Kind, attempt: Int)
    /// The load is done.
    case published(BatchLoader.Summary)
    /// Another process is loading.
    case busy(retryInSeconds: Double)
    /// This attempt failed with this error, and another attempt follows.
    case retrying(message: String, attempt: Int, inSeconds: Double)
    /// The load failed for good; the failure hook runs next.
    case failed(LoadFailure)
    /// The failure hook threw this error.
    case hookFailed(message: String)
    /// A load that was due at this instant, in milliseconds since 1970, is not published so many seconds later. Said
    /// once for a load, and from a thread of its own.
    case late(due: Int64, afterSeconds: Double)

    public var description: String {
      switch self {
      case .waiting(let until):
        let date = Date(timeIntervalSince1970: Double(until) / 1000)
        return "The next load is due at \(date.ISO8601Format())"
      case .starting(let kind, let attempt):
        return "Starting the \(kind.rawValue) load" + (attempt > 1 ? ", attempt \(attempt)" : "")
      case .published(let summary):
        let seconds = summary.totalSeconds.formatted(.number.precision(.fractionLength(1)))
        return "Load \(summary.run) (\(summary.kind.rawValue)) published "
          + "\(summary.counts.counted) events in \(seconds) s"
      case .busy(let seconds):
        return "Another load is running; looking again in \(Int(seconds)) s"
      case .retrying(let message, let attempt, let seconds):
        return "Attempt \(attempt) failed, the next is in \(Int(seconds)) s: \(message)"
      case .failed(let failure):
        return "The load failed after \(failure.attempts) "
          + "\(failure.attempts == 1 ? "attempt" : "attempts"): \(failure.message)"
      case .hookFailed(let message): return message
      case .late(let due, let seconds):
        let date = Date(timeIntervalSince1970: Double(due) / 1000)
        return
          "The load that was due at \(date.ISO8601Format()) is late: it is not published after "
          + "\(Int(seconds)) s"
      }
    }
  }

  /// Runs one load to its end; `BatchLoader.load` as a rule.
  public typealias Load =
    @Sendable (_ kind: BatchLoader.Kind, _ stop: StopToken) throws -> BatchLoader.Summary

  /// When loads are due.
  public var trigger: Trigger
  /// How often, and after which pauses, a load that failed is tried again.
  public var retries = RetryPolicy()
  /// Runs when a load has failed for good.
  public var hook = FailureHook.none
  /// Seconds after the instant at which a load was due, behind which it is late; nil where no load ever is.
  public var lateAfter: Double?
  /// The source of time.
  public var clock = Clock.system
  /// Called with each step: on the thread of `run`, but for a load that is late.
  public var report: @Sendable (Report) -> Void = { _ in }
  private let history: LoadHistory
  private let load: Load

  /// - Parameters:
  ///   - databaseURL: the warehouse that the loads write to, which tells what has been published.
  ///   - load: called on the thread of `run`, for one load at a time.
  public init(
    trigger: Trigger, databaseURL: String, library: SQLLibrary, load: @escaping Load
  ) {
    self.trigger = trigger
    self.history = LoadHistory(databaseURL: databaseURL, library: library)
    self.load = load
  }

  /// Loads on time until the stop is asked for. Blocks, so it belongs on a thread that may wait.
  /// - Throws: `ScheduleError` where the expression is never due. Loads that fail do not end the schedule.
  public func run(stop: StopToken) throws(ScheduleError) {
    _ = try trigger.requireNext(after: clock.now())
    var due = try firstDue()
    while true {
      wait(until: due, stop)
      if stop.isRequested { return }
      let started = clock.now()
      let isPublished = runWatched(due, stop)
      if stop.isRequested { return }
      // An instant that became due during a load is not covered by the load's cut, so the next load follows at
      // once. After a failure the instants that became due during the attempts are left out.
      let after = max(due, isPublished ? started : clock.now())
      due = try trigger.requireNext(after: after)
      assert(due > after, "due at \(due), not after \(after)")
    }
  }

  private func firstDue() throws(ScheduleError) -> Int64 {
    let now = clock.now()
    // Where the database does not answer, the first attempt fails too, and has its retries and the hook.
    guard let state = try? history.state(), let last = state.lastCut else { return now }
    return try trigger.requireNext(after: min(last, now))
  }

  private func wait(until due: Int64, _ stop: StopToken) {
    if due > clock.now() { report(.waiting(until: due)) }
    while !stop.isRequested {
      let remaining = Double(due - clock.now()) / 1000
      if remaining <= 0 { return }
      // Waits are short, as the system's clock may be set meanwhile, or the machine may sleep.
      clock.wait(min(remaining, 60), stop)
    }
  }

  /// As `runToEnd`, and says meanwhile when the load is late.
  private func runWatched(_ due: Int64, _ stop: StopToken) -> Bool {
    guard let lateAfter else { return runToEnd(due, stop) }
    let watch = LateWatch(due: due, after: lateAfter, clock) {
      report(.late(due: due, afterSeconds: lateAfter))
    }
    defer { watch.end() }
    return runToEnd(due, stop)
  }

  /// Tries until the load is published, its attempts are used up, or the stop is asked for.
  /// - Returns: whether the load was published.
  private func runToEnd(_ due: Int64, _ stop: StopToken) -> Bool {
    var attempt = 1
    while !stop.isRequested {
      var latestRun: Int64?
      do {
        let state = try history.state()
        latestRun = state.latestRun
        let kind: BatchLoader.Kind = state.lastCut == nil ? .full : .incremental
        report(.starting(kind, attempt: attempt))
        report(.published(try load(kind, stop)))
        return true
      } catch {
        if stop.isRequested { return false }
        if let error = error as? LoadError, error.code == .busy {
          report(.busy(retryInSeconds: retries.busyDelay))
          clock.wait(retries.busyDelay, stop)
          continue
        }
        let message = (error as? any UserFacingError)?.message ?? "\(error)"
        guard Self.isRetriable(error), attempt < retries.attempts else {
          let run = latestRun.flatMap { history.failedRun(after: $0) }
          fail(LoadFailure(run: run, due: due, attempts: attempt, message: message))
          return false
        }
        let delay = retries.delay(afterAttempt: attempt)
        report(.retrying(message: message, attempt: attempt, inSeconds: delay))
        clock.wait(delay, stop)
        attempt += 1
      }
    }
    return false
  }

  private func fail(_ failure: LoadFailure) {
    report(.failed(failure))
    do {
      try hook.call(failure)
    } catch {
      report(.hookFailed(message: (error as? any UserFacingError)?.message ?? "\(error)"))
    }
  }

  /// Whether the same load may succeed a little later.
  private static func isRetriable(_ error: any Error) -> Bool {
    if let error = error as? WarehouseError { return error.isRetriable || error.code == .conflict }
    guard let error = error as? any UserFacingError else { return false }
    return switch error.exitCode {
    // A full disk may have room again.
    case .unavailable, .temporaryFailure, .ioError: true
    default: false
    }
  }
}

/// What the warehouse knows of its loads.
struct LoadHistory: Sendable {
  struct State: Sendable {
    /// When the last published load made its cut, milliseconds since 1970; nil before the first.
    var lastCut: Int64?
    /// The number of the last run of any kind; 0 before the first.
    var latestRun: Int64
  }

  var databaseURL: String
  var library: SQLLibrary

  func state() throws(WarehouseError) -> State {
    let rows = try connect().run(library.sql("batch/schedule_state"))
    return State(
      lastCut: rows.textOrNull(0, 0).flatMap { Int64($0) }, latestRun: try rows.int(0, 1))
  }

  /// The number of the last failed run after another run; nil where there is none, or where the database does
  /// not answer.
  func failedRun(after run: Int64) -> Int64? {
    let rows = try? connect().run(library.sql("batch/failed_run"), [.int(run)])
    return rows.flatMap { $0.textOrNull(0, 0) }.flatMap { Int64($0) }
  }

  private func connect() throws(WarehouseError) -> Connection {
    try Connection(url: databaseURL, applicationName: "polyrhythm schedule")
  }
}
