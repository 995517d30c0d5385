import EventModel
import Testing

@testable import Metrics

/// What a worker remembers is bounded by what may still come in time, however long it has run and however many
/// users, sessions and songs there were.
@Suite struct BoundedMemoryTests {
  private static let start: Int64 = 1_767_225_600_000

  // MARK: Keys

  @Test func aSetOfKeysHasWhatWasPutInAndNothingElse() {
    var random = SketchSeed(state: 7)
    var keys = KeySet()
    var twin = Set<Int64>()
    for round in 0..<4 {
      for _ in 0..<20_000 {
        // Small numbers come again, and are the worst that a hash could give; 0 is one of them.
        let key =
          random.chance(50)
          ? Int64(random.next() % 5000) : Int64(bitPattern: random.next() << UInt64(8 * round))
        let (isThere, isNew) = (keys.contains(key), keys.insert(key))
        #expect(isThere == twin.contains(key))
        #expect(isNew == twin.insert(key).inserted)
      }
      let (count, found) = (keys.count, twin.count { keys.contains($0) })
      #expect(count == twin.count && found == twin.count)
      if round == 2 {
        keys.removeAll()
        let left = twin.count { keys.contains($0) }
        #expect(left == 0)
        twin = []
      }
    }
  }

  @Test func aSetOfKeysTakesFifteenBytesForEachAtMost() {
    var keys = KeySet()
    for key in 0..<100_000 as Range<Int64> {
      _ = keys.insert(key &* 0x1E37_79B9_7F4A_7C15)
      let (bytes, count) = (keys.byteCount, keys.count)
      if count >= 64 { #expect(bytes <= 15 * count + 15) }
    }
  }

  @Test func whatABurstHasLeftOfASetIsGivenBack() {
    var keys = KeySet()
    for key in 0..<1_000_000 as Range<Int64> { _ = keys.insert(key) }
    for _ in 0..<10 {
      keys.removeAll()
      for key in 0..<100 as Range<Int64> { _ = keys.insert(key) }
    }
    let (bytes, count) = (keys.byteCount, keys.count)
    #expect(bytes <= 64 << 10 && count == 100)
  }

  // MARK: Identities

  @Test func identitiesAreRememberedUntilTheirTwoMinutesHavePassed() {
    var memory = IdentityMemory()
    let first = [
      memory.insert(1, timestamp: 120_000), memory.insert(1, timestamp: 120_000),
      memory.insert(2, timestamp: 240_000), memory.insert(1, timestamp: 130_000),
    ]
    #expect(first == [true, false, true, false])
    memory.forget(below: 239_999)
    let kept = memory.insert(1, timestamp: 120_000)
    #expect(!kept)
    memory.forget(below: 240_000)
    let forgotten = memory.insert(1, timestamp: 120_000)
    let other = memory.insert(2, timestamp: 240_000)
    #expect(forgotten && !other)
    memory.forget(below: 6_000_000)
    let again = [memory.insert(2, timestamp: 240_000), memory.insert(2, timestamp: 240_000)]
    #expect(again == [true, false])
  }

  @Test func identitiesOfTheWindowAloneTakeMemory() {
    var memory = IdentityMemory()
    var most = (count: 0, bytes: 0)
    // Three hours with 30 events a second.
    for second in 0..<10_800 as Range<Int64> {
      let ts = Self.start + second * 1000
      for number in 0..<30 as Range<Int64> {
        _ = memory.insert((second * 30 + number) &* 0x1E37_79B9_7F4A_7C15, timestamp: ts)
      }
      if second % 60 == 0 { memory.forget(below: ts - 600_000) }
      most = (max(most.count, memory.count), max(most.bytes, memory.byteCount))
    }
    // The lateness, a bucket, and a minute between two calls.
    #expect(most.count <= 30 * (600 + 120 + 60))
    // And a bucket for the next minutes.
    #expect(most.bytes <= 16 * 30 * (600 + 120 + 60 + 120))
  }

  // MARK: Plays

  @Test func aPlayTakes96Bytes() {
    #expect(MemoryLayout<Play>.stride == 96)
  }

  /// Half a day of a site with a listen a second, each by another user and in another session than those of the
  /// last hours, with a page view that names no song for each tenth of them.
  @Test func playsSessionsAndCreditsOfTheLastHourAloneAreRemembered() {
    let kernel = Kernel(configuration: .init(), output: KernelOutput())
    kernel.sweepFloor = 0
    kernel.beginEmitting()
    var most = (plays: 0, credits: 0, sessions: 0)
    for second in 0..<43_200 as Range<Int64> {
      var sample = Sample(
        topic: .listen, ts: Self.start + second * 1000, user: second, session: second)
      sample.song = "song \(second % 100)"
      sample.duration = 200
      kernel.fold(sample.event, offset: second)
      sample.topic = .pageView
      sample.song = ""
      sample.page = second % 10 == 0 ? "Thumbs Up" : "Home"
      kernel.fold(sample.event, offset: second)
      if second % 60 == 0 {
        for rollup in Rollup.allCases { kernel.rollups.drain(rollup) { _ in } }
        let counts = kernel.store.counts
        most = (
          max(most.plays, counts.plays), max(most.credits, counts.credits),
          max(most.sessions, counts.sessions)
        )
      }
    }
    // An hour and the lateness, and a quarter of all until the next sweep.
    let hour = 3600 + 600 + 60
    #expect(most.plays <= hour + (2 * hour + 60) / 4 && most.plays > 3600)
    #expect(most.sessions <= hour + (2 * hour + 60) / 4)
    #expect(most.credits <= 60 + (2 * hour + 60) / 4)
    let capacity = kernel.store.playCapacity
    #expect(capacity <= most.plays + 1024)
  }

  /// A user who listens on leaves a single ended play behind.
  @Test func playsThatAnotherOneHasFollowedAreForgottenAsTheyEnd() {
    let kernel = Kernel(configuration: .init(), output: KernelOutput())
    kernel.beginEmitting()
    let listeners: Int64 = 100
    for round in 0..<500 as Range<Int64> {
      for user in 0..<listeners {
        var sample = Sample(
          topic: .listen, ts: Self.start + round * 100_000 + user * 1000, user: user,
          session: user, item: 2 * round)
        sample.song = "song \(round % 100)"
        sample.duration = 200
        kernel.fold(sample.event, offset: round * listeners + user)
        sample.topic = .pageView
        sample.page = "Home"
        sample.item += 1
        kernel.fold(sample.event, offset: round * listeners + user)
      }
      for rollup in Rollup.allCases { kernel.rollups.drain(rollup) { _ in } }
      // Those of the last 800 s, which have not ended in time, and one of each session.
      let plays = kernel.store.counts.plays
      #expect(plays <= Int(listeners) * (8 + 2))
    }
    let capacity = kernel.store.playCapacity
    #expect(capacity <= 1024)
  }
}
