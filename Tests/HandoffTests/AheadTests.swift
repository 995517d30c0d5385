import BatchLayer
import BatchTestKit
import EventModel
import LayerTestKit
import SpeedTestKit
import TestKit
import Testing

/// Events with a clock that is hours ahead, or more than a day.
@Suite struct AheadTests {
  private static let minute: Int64 = 60_000

  private func view(user: Int64, atMinute minute: Int64) -> LoggedRecord {
    var event = Event(topic: .pageView)
    event.ts = monday + minute * Self.minute
    event.userId = user
    event.sessionId = user
    event.itemInSession = minute
    let page: StaticString = "Home"
    event.page = ByteSlice(start: page.utf8Start, count: page.utf8CodeUnitCount)
    return LoggedRecord(event)
  }

  private func listen(user: Int64, atMinute minute: Int64) -> LoggedRecord {
    var event = Event(topic: .listen)
    event.ts = monday + minute * Self.minute
    event.userId = user
    event.sessionId = user
    event.itemInSession = minute
    let song: StaticString = "a"
    event.song = ByteSlice(start: song.utf8Start, count: song.utf8CodeUnitCount)
    event.duration = 200
    return LoggedRecord(event)
  }

  /// Two users establish the watermark, a third is 25 hours ahead, and time goes on until its time has
  /// nearly come.
  private func records() -> (before: [LoggedRecord], ahead: LoggedRecord) {
    let ahead = view(user: 2, atMinute: 25 * 60)
    var records = [view(user: 1, atMinute: 0), view(user: 3, atMinute: 5), ahead]
    records += stride(from: 30, through: 24 * 60 + 58, by: 28).map { view(user: 3, atMinute: $0) }
    return (records, ahead)
  }

  @Test func anEventAheadOfItsTimeThatComesAgainInTimeCountsOnceAcrossLoads() throws {
    let (before, ahead) = records()
    let layers = try Layers(partitions: 1)
    try layers.log.write(before)
    try layers.load(.full)
    try layers.expectTruth(Truth(before), "after the first load")
    let after = [ahead, view(user: 3, atMinute: 24 * 60 + 59)]
    try layers.log.write(after)
    try layers.load(.incremental)
    try layers.expectTruth(Truth(before + after), "after it came again")
    try layers.load(.full)
    try layers.expectTruth(Truth(before + after), "after loading all anew")
  }

  @Test func withoutALoadInBetweenItCountsOnceToo() throws {
    let (before, ahead) = records()
    let layers = try Layers(partitions: 1)
    try layers.log.write(before + [ahead])
    try layers.load(.incremental)
    try layers.expectTruth(Truth(before + [ahead]), "in one load")
  }

  /// The event came in time when event time was hours behind it, so the log must be searched from there on.
  @Test func anEventOfAClockThatIsHoursAheadThatComesAgainWhenItIsLateCountsOnce() throws {
    let traffic = (0..<(16 * 180)).map { view(user: 1 + Int64($0) % 3, atMinute: Int64($0) / 3) }
    let ahead = view(user: 9, atMinute: 14 * 60)
    let layers = try Layers(partitions: 1)
    var written = Array(traffic[..<100])
    written.append(ahead)
    try layers.log.write(written)
    try layers.catchUp()
    for hour in 1..<16 {
      let part = traffic[max(100, hour * 180)..<(hour + 1) * 180]
      try layers.log.write(Array(part))
      written += part
      if hour % 3 == 1 || hour > 13 { try layers.catchUp() }
    }
    try layers.log.write([ahead])
    written.append(ahead)
    try layers.catchUp()
    try layers.expectTruth(Truth(written), "by the speed layer")
    try layers.load(.incremental)
    try layers.expectTruth(Truth(written), "after a load")
  }

  /// An event came ahead of the crowd, the crowd caught up, and the event came again, in time by then.
  @Test(arguments: [true, false])
  func anEventAheadThatComesAgainAfterTheCrowdHasFollowedCountsOnce(loadsInBetween: Bool) throws {
    let dayAndHour: Int64 = 25 * 60
    let ahead = [listen(user: 2, atMinute: dayAndHour), view(user: 2, atMinute: dayAndHour)]
    let start = (0..<4).flatMap { [listen(user: 1, atMinute: $0), view(user: 3, atMinute: $0)] }
    let crowd = (0..<40).flatMap { (i: Int64) in
      [
        listen(user: 10 + i, atMinute: dayAndHour + i % 5),
        view(user: 10 + i, atMinute: dayAndHour),
      ]
    }
    let after = [listen(user: 2, atMinute: dayAndHour + 1)]
    let layers = try Layers(partitions: 1)
    var written: [LoggedRecord] = []
    for part in [start, ahead, crowd, ahead + after, ahead] {
      try layers.log.write(part)
      written += part
      try layers.catchUp()
      try layers.expectTruth(Truth(written), "by the speed layer")
      guard loadsInBetween else { continue }
      try layers.load(.incremental)
      try layers.expectTruth(Truth(written), "after a load")
    }
    try layers.load(.incremental)
    let whole = try Layers(over: layers.log)
    try whole.load(.full)
    try whole.expectTruth(Truth(written))
    try layers.expectSame(as: whole, "pieces and whole")
  }
}
