import Foundation
import Support
import Synchronization
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// Loads are closures that note what a load would leave in the warehouse; the clock goes on only by
/// being waited for, and asks for the stop when the scene is over.
@Suite struct SchedulerTests {
  // MARK: First start, and on time

  @Test func firstStartLoadsInFullAtOnceAndThenIncrementallyAtEachMidnight() throws {
    let scene = try Scene(from: "2026-03-01T10:30:00Z", to: "2026-03-03T12:00:00Z")
    try scene.run(.cron(CronExpression("0 0 * * *"), .gmt))
    #expect(
      scene.loads == [
        "2026-03-01T10:30:00Z full", "2026-03-02T00:00:00Z incremental",
        "2026-03-03T00:00:00Z incremental",
      ])
  }

  @Test func midnightIsThatOfTheTimeZone() throws {
    let scene = try Scene(from: "2026-03-01T10:00:00Z", to: "2026-03-02T12:00:00Z")
    let zone = try #require(TimeZone(identifier: "Asia/Ho_Chi_Minh"))
    try scene.run(.cron(CronExpression("@daily"), zone))
    #expect(
      scene.loads == ["2026-03-01T10:00:00Z full", "2026-03-01T17:00:00Z incremental"])
  }

  @Test func everySoManySecondsCountsFromTheStartOfTheLoadBefore() throws {
    let scene = try Scene(from: "2026-03-01T10:00:00Z", to: "2026-03-01T10:02:10Z")
    try scene.run(.every(seconds: 60)) { _ in
      scene.pass(10)
      return .publish
    }
    #expect(
      scene.loads == [
        "2026-03-01T10:00:00Z full", "2026-03-01T10:01:00Z incremental",
        "2026-03-01T10:02:00Z incremental",
      ])
  }

  @Test func loadThatFailedBeforeAnythingWasPublishedIsFullTheNextTime() throws {
    let scene = try Scene(from: "2026-03-01T10:00:00Z", to: "2026-03-03T12:00:00Z")
    try scene.run(.cron(CronExpression("@daily"), .gmt)) { number in
      number == 0 ? .fail(LoadError(.auditFailed, "A rule is broken")) : .publish
    }
    #expect(
      scene.loads == [
        "2026-03-01T10:00:00Z full", "2026-03-02T00:00:00Z full",
        "2026-03-03T00:00:00Z incremental",
      ])
  }

  // MARK: Catching up

  @Test func threeDaysOfDowntimeAreCaughtUpOnOnceRightAway() throws {
    let scene = try Scene(from: "2026-03-04T10:30:00Z", to: "2026-03-05T12:00:00Z")
    try scene.publish(at: "2026-03-01T00:00:00Z")
    try scene.run(.cron(CronExpression("0 0 * * *"), .gmt))
    #expect(
      scene.loads == [
        "2026-03-04T10:30:00Z incremental", "2026-03-05T00:00:00Z incremental",
      ])
  }

  @Test func restartBeforeTheNextInstantWaitsForIt() throws {
    let scene = try Scene(from: "2026-03-01T10:30:00Z", to: "2026-03-02T12:00:00Z")
    try scene.publish(at: "2026-03-01T00:00:00Z")
    try scene.run(.cron(CronExpression("0 0 * * *"), .gmt))
    #expect(scene.loads == ["2026-03-02T00:00:00Z incremental"])
  }

  @Test func instantBetweenCutAndPublicationOfTheLastLoadIsCaughtUpOn() throws {
    let scene = try Scene(from: "2026-03-02T00:30:00Z", to: "2026-03-02T12:00:00Z")
    try scene.publish(at: "2026-03-01T23:50:00Z", publishedAt: "2026-03-02T00:10:00Z")
    try scene.run(.cron(CronExpression("0 0 * * *"), .gmt))
    #expect(scene.loads == ["2026-03-02T00:30:00Z incremental"])
  }

  @Test func instantsDuringALongLoadAreCaughtUpOnOnceAfterIt() throws {
    let scene = try Scene(from: "2026-03-01T10:00:00Z", to: "2026-03-01T11:05:00Z")
    try scene.run(.cron(CronExpression("*/15 * * * *"), .gmt)) { number in
      scene.pass(number == 0 ? 40 * 60 : 1)
      return .publish
    }
    #expect(
      scene.loads == [
        "2026-03-01T10:00:00Z full", "2026-03-01T10:40:00Z incremental",
        "2026-03-01T10:45:00Z incremental", "2026-03-01T11:00:00Z incremental",
      ])
  }

  // MARK: Another load

  @Test func otherLoadIsWaitedForWithoutCountingAsAFailure() throws {
    let scene = try Scene(from: "2026-03-01T00:00:00Z", to: "2026-03-01T12:00:00Z")
    try scene.run(.cron(CronExpression("@daily"), .gmt)) { number in
      number < 20 ? .fail(LoadError(.busy, "Another load is running")) : .publish
    }
    #expect(scene.loads.count == 21)
    #expect(scene.loads.last == "2026-03-01T00:05:00Z full")  // 20 times 15 s.
    #expect(scene.failures.isEmpty)
  }

  @Test func firstLoadIsIncrementalWhereTheOtherProcessPublishedTheFullOne() throws {
    let scene = try Scene(from: "2026-03-01T00:00:00Z", to: "2026-03-01T12:00:00Z")
    try scene.run(.cron(CronExpression("@daily"), .gmt)) { number in
      guard number == 0 else { return .publish }
      try scene.publish(at: "2026-03-01T00:00:00Z")
      return .fail(LoadError(.busy, "Another load is running"))
    }
    #expect(
      scene.loads == ["2026-03-01T00:00:00Z full", "2026-03-01T00:00:15Z incremental"])
  }

  // MARK: Failures

  @Test func failureIsRetriedWithGrowingDelaysUpToTheLimitAndThenTheHookRuns() throws {
    let scene = try Scene(from: "2026-03-01T00:00:00Z", to: "2026-03-02T12:00:00Z")
    try scene.publish(at: "2026-02-28T00:00:00Z")
    scene.retries.attempts = 6
    scene.retries.firstDelay = 10
    scene.retries.longestDelay = 60
    try scene.run(.cron(CronExpression("@daily"), .gmt)) { number in
      guard number < 6 else { return .publish }
      return .fail(
        WarehouseError(.connection, "The connection was lost", isRetriable: true))
    }
    // 10, 20, 40, 60 and 60 s; then on with the next midnight.
    #expect(
      scene.loads == [
        "2026-03-01T00:00:00Z incremental", "2026-03-01T00:00:10Z incremental",
        "2026-03-01T00:00:30Z incremental", "2026-03-01T00:01:10Z incremental",
        "2026-03-01T00:02:10Z incremental", "2026-03-01T00:03:10Z incremental",
        "2026-03-02T00:00:00Z incremental",
      ])
    #expect(scene.failures.map(\.attempts) == [6])
    #expect(scene.failures.first?.message == "The connection was lost")
  }

  @Test func failureThatGoesAwayRunsNoHook() throws {
    let scene = try Scene(from: "2026-03-01T00:00:00Z", to: "2026-03-01T12:00:00Z")
    try scene.run(.cron(CronExpression("@daily"), .gmt)) { number in
      number < 4
        ? .fail(LoadError(.lakeBehind, "The lake ends before the cut")) : .publish
    }
    #expect(scene.loads.count == 5)
    #expect(scene.failures.isEmpty)
  }

  @Test func failureThatRetryingCannotHelpGoesToTheHookAtOnce() throws {
    let scene = try Scene(from: "2026-03-01T00:00:00Z", to: "2026-03-01T12:00:00Z")
    try scene.run(.cron(CronExpression("@daily"), .gmt)) { _ in
      .fail(LoadError(.auditFailed, "A rule is broken"))
    }
    #expect(scene.loads == ["2026-03-01T00:00:00Z full"])
    #expect(scene.failures.map(\.attempts) == [1])
  }

  @Test func instantsDuringRetriesAreNotMadeUpForAfterAFailure() throws {
    let scene = try Scene(from: "2026-03-01T10:00:00Z", to: "2026-03-01T10:31:00Z")
    try scene.publish(at: "2026-03-01T09:59:00Z")
    scene.retries.attempts = 2
    scene.retries.firstDelay = 600
    try scene.run(.cron(CronExpression("*/15 * * * *"), .gmt)) { number in
      scene.pass(500)
      return number < 2 ? .fail(LoadError(.lakeBehind, "The lake is behind")) : .publish
    }
    // Due at 10:00; 10:15 comes while it is retried.
    #expect(
      scene.loads == [
        "2026-03-01T10:00:00Z incremental", "2026-03-01T10:18:20Z incremental",
        "2026-03-01T10:30:00Z incremental",
      ])
  }

  @Test func databaseThatIsDownIsAFailureLikeAnyOther() throws {
    let scene = try Scene(from: "2026-03-01T00:00:00Z", to: "2026-03-01T12:00:00Z")
    scene.databaseURL = "postgresql:///nowhere?host=/tmp/there-is-no-server-here"
    scene.retries.attempts = 3
    try scene.run(.cron(CronExpression("@daily"), .gmt))
    #expect(scene.loads.isEmpty)
    #expect(scene.failures.map(\.attempts) == [3])
    #expect(scene.failures.first?.run == nil)
  }

  // MARK: The hook's command

  @Test func hookCommandGetsTheErrorAndTheRunInItsEnvironment() throws {
    let file = NSTemporaryDirectory() + "polyrhythm-hook-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let scene = try Scene(from: "2026-03-01T00:00:00Z", to: "2026-03-01T12:00:00Z")
    scene.hook = .command(
      "printf '%s|%s' \"$POLYRHYTHM_ERROR\" \"$POLYRHYTHM_LOAD_RUN\" > '\(file)'")
    try scene.run(.cron(CronExpression("@daily"), .gmt)) { _ in
      .fail(LoadError(.auditFailed, "Check \"a\" found $HOME; 3 rows"))
    }
    let run = try scene.database.connect().run("select max(load_run_id) from warehouse.load_run")
    #expect(
      try String(contentsOfFile: file, encoding: .utf8)
        == "Check \"a\" found $HOME; 3 rows|\(try run.int(0, 0))")
  }

  @Test func hookThatFailsIsReportedAndTheScheduleGoesOn() throws {
    let scene = try Scene(from: "2026-03-01T00:00:00Z", to: "2026-03-02T12:00:00Z")
    scene.hook = .command("exit 3")
    try scene.run(.cron(CronExpression("@daily"), .gmt)) { number in
      number == 0 ? .fail(LoadError(.auditFailed, "A rule is broken")) : .publish
    }
    #expect(scene.loads.last == "2026-03-02T00:00:00Z full")
    #expect(
      scene.reports.contains { $0.contains("failure hook 'exit 3'") && $0.contains("status 3") })
  }

  @Test func hookThatHangsIsStopped() throws {
    let error = try #require(throws: ScheduleError.self) {
      try FailureHook.command("sleep 600 & sleep 600", patience: 0.2)
        .call(LoadFailure(run: nil, due: 0, attempts: 1, message: "A load failed"))
    }
    #expect(error.message.contains("took longer"))
  }

  @Test func loadThatHangsIsLateOnceAndPublishedAllTheSame() throws {
    let scene = try Scene(from: "2026-03-01T10:00:00Z", to: "2026-03-02T12:00:00Z")
    scene.lateAfter = 7200
    try scene.run(.cron(CronExpression("@daily"), .gmt)) { number in
      guard number > 0 else { return .publish }
      scene.pass(7200)
      let isSaid = eventually(within: 30) { scene.reports.contains { $0.contains("is late") } }
      #expect(isSaid, "\(scene.reports)")
      return .publish
    }
    #expect(scene.loads.last == "2026-03-02T00:00:00Z incremental")
    #expect(scene.reports.count { $0.contains("due at 2026-03-02T00:00:00Z is late") } == 1)
  }

  // MARK: The end

  @Test func stopDuringALoadEndsTheScheduleWithoutAHook() throws {
    let scene = try Scene(from: "2026-03-01T00:00:00Z", to: "2026-03-05T00:00:00Z")
    try scene.run(.cron(CronExpression("@daily"), .gmt)) { _ in
      scene.stop.request()
      return .fail(LoadError(.stopped, "The load was stopped"))
    }
    #expect(scene.loads.count == 1)
    #expect(scene.failures.isEmpty)
  }

  @Test func scheduleThatNeverComesIsRefusedBeforeAnyLoad() throws {
    let scene = try Scene(from: "2026-03-01T00:00:00Z", to: "2026-03-05T00:00:00Z")
    let error = try #require(throws: ScheduleError.self) {
      try scene.run(.cron(CronExpression("0 0 31 2 *"), .gmt))
    }
    #expect(error.message.contains("0 0 31 2 *"))
    #expect(scene.loads.isEmpty)
  }
}

/// A warehouse, a clock, and what a scheduler does between two instants.
private final class Scene: Sendable {
  enum Ending {
    case publish
    case fail(any Error)
  }

  private struct State {
    var now: Int64
    var loads: [String] = []
    var failures: [LoadFailure] = []
    var reports: [String] = []
    var retries = Scheduler.RetryPolicy()
    var hook: FailureHook?
    var lateAfter: Double?
    var databaseURL: String
  }

  let database: TestDatabase
  let stop = StopToken()
  private let end: Int64
  private let state: Mutex<State>

  init(from: String, to: String) throws {
    database = try TestDatabase.make()
    end = try Self.milliseconds(to)
    state = Mutex(State(now: try Self.milliseconds(from), databaseURL: database.url))
  }

  /// When each load began, and its kind.
  var loads: [String] { state.withLock { $0.loads } }
  var failures: [LoadFailure] { state.withLock { $0.failures } }
  var reports: [String] { state.withLock { $0.reports } }

  var retries: Scheduler.RetryPolicy {
    get { state.withLock { $0.retries } }
    set { state.withLock { $0.retries = newValue } }
  }

  var hook: FailureHook? {
    get { state.withLock { $0.hook } }
    set { state.withLock { $0.hook = newValue } }
  }

  var lateAfter: Double? {
    get { state.withLock { $0.lateAfter } }
    set { state.withLock { $0.lateAfter = newValue } }
  }

  var databaseURL: String {
    get { state.withLock { $0.databaseURL } }
    set { state.withLock { $0.databaseURL = newValue } }
  }

  private static func milliseconds(_ text: String) throws -> Int64 {
    Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970) * 1000
  }

  private static func text(_ instant: Int64) -> String {
    Date(timeIntervalSince1970: Double(instant) / 1000).ISO8601Format()
  }

  /// Moves the clock on by so many seconds.
  func pass(_ seconds: Double) {
    let isOver = state.withLock {
      $0.now += Int64((seconds * 1000).rounded(.up))
      return $0.now >= end
    }
    if isOver { stop.request() }
  }

  /// Leaves what a published load leaves.
  func publish(at cut: String, publishedAt: String? = nil) throws {
    try database.connect().script(
      """
      with run as (
        insert into warehouse.load_run (kind, status, started_at)
        values ('incremental', 'published', '\(cut)')
        returning load_run_id
      )
      update batch.published
      set published_at = '\(publishedAt ?? cut)', load_run_id = (select load_run_id from run)
      """)
  }

  private func fail(at instant: Int64) throws {
    try database.connect().script(
      """
      insert into warehouse.load_run (kind, status, started_at)
      values ('incremental', 'failed', '\(Self.text(instant))')
      """)
  }

  /// - Parameter load: how the load with this number, from 0, ends.
  func run(
    _ trigger: Scheduler.Trigger,
    load: @escaping @Sendable (_ number: Int) throws -> Ending = { _ in .publish }
  ) throws {
    let library = try SQLLibrary()
    var scheduler = Scheduler(trigger: trigger, databaseURL: databaseURL, library: library) {
      [self] kind, _ in
      let (number, started) = state.withLock {
        $0.loads.append("\(Self.text($0.now)) \(kind.rawValue)")
        return ($0.loads.count - 1, $0.now)
      }
      switch try load(number) {
      case .publish: try publish(at: Self.text(started))
      case .fail(let error):
        if (error as? LoadError)?.code != .busy { try fail(at: started) }
        throw error
      }
      return BatchLoader.Summary(run: 1, kind: kind, counts: .init(), seconds: [])
    }
    scheduler.retries = retries
    scheduler.lateAfter = lateAfter
    let hook = hook
    scheduler.hook = FailureHook { [self] failure in
      state.withLock { $0.failures.append(failure) }
      try hook?.call(failure)
    }
    scheduler.clock = Scheduler.Clock(
      now: { [self] in state.withLock { $0.now } },
      wait: { [self] seconds, _ in pass(seconds) })
    scheduler.report = { [self] report in
      state.withLock { $0.reports.append(report.description) }
    }
    try scheduler.run(stop: stop)
  }
}
