import EventModel
import Foundation
import LayerTestKit
import StarSchema
import TestKit
import Testing
import Warehouse

@testable import BatchLayer
@testable import Metrics

/// A page view that says nothing more than its play is not written a second time, and readers see both.
@Suite struct PageViewsOfPlaysTests {
  private static func view(_ ts: Int64, session: Int64 = 4, song: Int64 = 5) -> ViewOfPlay {
    var view = ViewOfPlay(of: play(ts, session: session))
    view.songKey = song
    return view
  }

  private static func play(_ ts: Int64, session: Int64 = 4) -> ListenFact {
    ListenFact(
      keys: FactKeys(
        ts: ts, userKey: 1, locationKey: 2, deviceKey: 3, sessionId: session, itemInSession: 7),
      songKey: 5, auth: 1, level: 2, durationMs: 0, listenedMs: 0, outcome: .open)
  }

  // MARK: What waits

  @Test func aPlayTakesItsPageViewOnce() {
    var waiting = WaitingViews()
    let other = waiting.put(Self.view(10))
    let taken = [waiting.take(of: Self.play(10)), waiting.take(of: Self.play(10))]
    let left = waiting.count
    #expect(other == nil)
    #expect(taken == [true, false])
    #expect(left == 0)
  }

  /// Whatever a column of the page view says that the play does not, it is a row of its own.
  @Test func aPageViewThatDiffersIsNotTaken() {
    let differences: [(inout ViewOfPlay) -> Void] = [
      { $0.keys.userKey += 1 }, { $0.keys.locationKey += 1 }, { $0.keys.deviceKey += 1 },
      { $0.keys.itemInSession += 1 }, { $0.songKey += 1 }, { $0.auth += 1 }, { $0.level += 1 },
    ]
    for (number, differ) in differences.enumerated() {
      var waiting = WaitingViews()
      var view = Self.view(10)
      differ(&view)
      let other = waiting.put(view)
      let isTaken = waiting.take(of: Self.play(10))
      let left = waiting.takeAll()
      #expect(other == nil)
      #expect(!isTaken, "difference \(number)")
      #expect(left == [view])
    }
  }

  /// What waits is bounded, and nothing is lost: a page view waits, is taken, or gives way.
  @Test func pageViewsGiveWayAndAreNeverLost() {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    var waiting = WaitingViews(capacity: 8, limit: 256)
    var there = Set<Int64>()
    var gone = Set<Int64>()
    for ts in Int64(0)..<5000 {
      there.insert(ts)
      if let other = waiting.put(Self.view(ts, session: ts % 7)) {
        #expect(there.remove(other.keys.ts) != nil)
        #expect(gone.insert(other.keys.ts).inserted)
      }
      let old = Int64.random(in: 0...ts, using: &random)
      let isThere = there.remove(old) != nil
      let isTaken = waiting.take(of: Self.play(old, session: old % 7))
      let count = waiting.count
      #expect(isTaken == isThere)
      #expect(count == there.count)
      #expect(count <= 256)
    }
    #expect(!gone.isEmpty)
    let left = waiting.takeAll().map(\.keys.ts)
    #expect(left == there.sorted())
  }

  // MARK: What is written

  /// The lake, computed again, has each page view as a row.
  @Test func eachPageViewIsThereOnceThoughHardlyAnyOfAPlayIsWritten() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed, users: 40)
    let layers = try Layers(partitions: 3)
    let connection = try layers.connect()
    var random = SeededRandom(seed: seed)
    var written = 0
    for (number, kind) in [BatchLoader.Kind.full, .incremental, .incremental, .full].enumerated() {
      let next =
        number == 3
        ? records.count : Int.random(in: written...max(written, records.count - 1), using: &random)
      try layers.log.write(records[written..<next])
      written = next
      try layers.load(kind)
      let found = try LakeRecomputation(
        lake: layers.log.lake, library: layers.library,
        configuration: BatchLoader.Configuration(databaseURL: layers.database.url)
      ).run()
      #expect(found.isEmpty, "\(number): \(found)")
    }
    let rows = try connection.run(
      """
      select
        (select count(*) from warehouse.fact_page_view where page = 'NextSong'),
        (select count(*) from builds.fact_page_view where page = 'NextSong'
           and build = (select build from batch.published)),
        (select count(*) from builds.fact_listen where has_page_view
           and build = (select build from batch.published))
      """)
    let (all, own, ofPlays) = (try rows.int(0, 0), try rows.int(0, 1), try rows.int(0, 2))
    #expect(all == own + ofPlays)
    #expect(ofPlays * 10 > all * 7, "\(own) of \(all) page views of plays have a row of their own")
  }
}

extension ViewOfPlay: Equatable {
  public static func == (a: ViewOfPlay, b: ViewOfPlay) -> Bool {
    a.keys == b.keys && a.songKey == b.songKey && a.auth == b.auth && a.level == b.level
  }

  /// The page view of a play.
  init(of play: ListenFact) {
    self.init(keys: play.keys, songKey: play.songKey, auth: play.auth, level: play.level)
  }
}
