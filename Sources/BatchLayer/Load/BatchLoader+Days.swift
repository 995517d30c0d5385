import Feed
import Metrics
import StarSchema
import Support
import Warehouse

extension BatchLoader {
  /// Makes the facts and rollups of some days anew, up to the cut that is published, and changes nothing else. All of the
  /// lake is read for that: which record counts for a day depends on those before it.
  func rebuild(
    _ days: ClosedRange<CalendarDay>, _ run: Int64, _ control: Connection, _ phases: inout Phases,
    _ stop: StopToken
  ) throws -> (FeedCounts, warnings: [Checks.Finding]) {
    guard try !isFirst(control) else { throw LoadError.nothingPublished }
    let numbers = LoadNumbers(
      run: run, build: try BuildTables.published(control, library), isFull: false, days: days)
    let starts = try LakeRecomputation.starts(lake, control, library)
    let published = try MinuteRetention.published(control, library)
    let (stage, feed) = try read(
      Reading(numbers: numbers, starts: starts, control: control, stop: stop),
      minutesFrom: published.bound.map(Rung.hour.start), &phases)
    defer { stage.writer.abandon() }
    phases.begin("write")
    feed.reportOpenPlays()
    try stage.commit(feed)
    if !feed.deferred.isEmpty {
      phases.begin("late")
      try stage.settleDeferred(feed, control)
    }
    try checkLedger(feed.counts, starts)
    phases.begin("publish")
    let first = Int64(days.lowerBound.number) * KnownFacts.dayMs
    let span = first...(Int64(days.upperBound.next.number) * KnownFacts.dayMs - 1)
    var staged = stage.staged(
      cut: Cut(closedEpoch: 0, ends: [:]), replays: [:], finalBefore: nil,
      minutesFrom: published.bound)
    staged.spans = [span]
    staged.touched = nil
    staged.users = nil
    staged.changes = staged.changes.compactMap { change in
      guard change.span.overlaps(span) else { return nil }
      var change = change
      change.span = change.span.clamped(to: span)
      return change
    }
    let (counts, soFar) = (feed.counts, phases)
    let publisher = Publisher(
      connection: control, library: library, stop: stop, pauses: configuration.publishPauses)
    let warnings = try publisher.replace(days, by: staged) {
      try finish(staged, counts, soFar, "published", $0)
    }
    phases.begin("analyze")
    Statistics(connection: control, library: library)
      .refresh(after: staged, databaseURL: configuration.databaseURL)
    return (counts, warnings)
  }
}
