import EventModel
import Testing

@testable import Metrics

@Suite struct IdentityKeyTests {
  private static func full() -> Sample {
    var s = Sample(topic: .pageView, ts: 1_767_225_600_000, user: 42, session: 7, item: 3)
    s.firstName = "Ann"
    s.lastName = "Lee"
    s.gender = "F"
    s.level = "paid"
    s.registration = 1_700_000_000_000
    s.city = "New York"
    s.state = "NY"
    s.zip = "10001"
    s.country = "US"
    s.agent = "Mozilla/5.0 (X11; Linux x86_64)"
    s.artist = "Sigur Rós"
    s.song = "Hoppípolla"
    s.duration = 268.82567
    s.page = "Thumbs Up"
    s.method = "PUT"
    s.status = 307
    s.auth = "Logged In"
    return s
  }

  private func keys(_ sample: Sample) -> [Int64] {
    var hasher = KeyHasher()
    let event = sample.event
    return [
      hasher.user(event), hasher.song(event), hasher.location(event), hasher.device(event),
      hasher.audience(event), hasher.page(event), hasher.identity(event), hasher.session(event),
    ]
  }

  /// These keys are stored in every existing database. If one of them changes, all keys of all warehouses have
  /// changed.
  @Test func theKeysOfAKnownEventNeverChange() {
    #expect(
      keys(Self.full()) == [
        2_514_376_026_630_902_865, -8_138_037_758_349_079_858, -6_391_954_118_496_004_718,
        2_373_223_287_741_404_337, -5_608_650_434_505_950_928, 6_993_512_550_645_358_057,
        -6_939_034_399_681_542_154, 5_180_203_109_521_098_318,
      ])
    #expect(
      keys(Sample(topic: .listen, ts: 0)) == [
        0, 0, 0, 0, 7_512_696_349_053_599_789, -2_299_291_735_266_194_176,
        8_793_497_933_037_432_178, 5_285_659_393_286_859_793,
      ])
  }

  @Test(arguments: kernelSeeds(20))
  func keysAreTheHashOfTheDocumentedBytes(seed: UInt64) {
    var stream = SampleStream(seed: seed, latenessMs: 0)
    for sample in stream.log(60).topics.joined() {
      let keys = keys(sample)
      #expect(keys[0] == TwinKey.user(sample), "seed \(seed)")
      #expect(keys[1] == TwinKey.song(sample), "seed \(seed)")
      #expect(keys[2] == TwinKey.location(sample), "seed \(seed)")
      #expect(keys[3] == TwinKey.device(sample), "seed \(seed)")
      #expect(keys[4] == TwinKey.audience(sample), "seed \(seed)")
      #expect(keys[5] == TwinKey.page(sample), "seed \(seed)")
    }
  }

  @Test func anAttributeChangesTheKeysThatItIsPartOfAndNoOther() {
    let changes: [([Int], (inout Sample) -> Void)] = [
      ([0, 6, 7], { $0.user = 43 }),
      ([0], { $0.firstName = "Anna" }),
      ([0], { $0.lastName = "" }),
      ([0, 4], { $0.gender = "M" }),
      ([0, 4, 5], { $0.level = "free" }),
      ([0], { $0.registration = nil }),
      ([1], { $0.artist = "" }),
      ([1], { $0.song = "hoppípolla" }),
      ([1], { $0.duration = 268.827 }),
      ([2], { $0.country = "IS" }),
      ([2], { $0.state = "" }),
      ([2], { $0.city = "York" }),
      ([2], { $0.zip = "10002" }),
      ([3], { $0.agent = "curl/8" }),
      ([5], { $0.page = "Home" }),
      ([5], { $0.method = "GET" }),
      ([5], { $0.status = 200 }),
      ([5], { $0.auth = "Guest" }),
      ([6], { $0.topic = .listen }),
      ([6, 7], { $0.session = 8 }),
      ([6], { $0.item = 4 }),
      ([6], { $0.ts += 1 }),
      ([], { $0.success = true }),
      ([], { $0.duration = 268.8257 }),
      ([], { $0.country = "" }),
    ]
    for (i, (changed, change)) in changes.enumerated() {
      var sample = Self.full()
      let before = keys(sample)
      change(&sample)
      let after = keys(sample)
      #expect((0..<8).filter { before[$0] != after[$0] } == changed, "change \(i)")
    }
  }

  @Test func whereOneAttributeEndsAndTheNextBeginsIsPartOfTheKey() {
    let pairs = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc"), ("a\0", "bc"), ("a", "\0bc")]
    var songs = Set<Int64>()
    var places = Set<Int64>()
    for (first, second) in pairs {
      songs.insert(keys(Sample(artist: first, song: second))[1])
      places.insert(keys(Sample(city: second, state: first))[2])
    }
    #expect(songs.count == pairs.count)
    #expect(places.count == pairs.count)
  }

  @Test func onlyTheUnknownMemberHasTheKeyZero() {
    let bare = keys(Sample(topic: .listen))
    #expect(Array(bare.prefix(4)) == [0, 0, 0, 0])
    #expect(!bare.dropFirst(4).contains(0))
    #expect(!keys(Self.full()).contains(0))
    #expect(keys(Sample(song: "a"))[1] != 0)
    #expect(keys(Sample(artist: "a"))[1] != 0)
    #expect(keys(Sample(country: "US"))[2] != 0)
    #expect(keys(Sample(user: 0))[0] != 0)
  }

  @Test func attributesLongerThanTheScratchSpaceCount() {
    let long = String(repeating: "x", count: 10_000)
    let a = keys(Sample(agent: long + "a"))[3]
    #expect(a == TwinKey.device(Sample(agent: long + "a")))
    #expect(a != keys(Sample(agent: long + "b"))[3])
  }

  @Test func membersAreHandedOutOnceWithTheAttributesOfTheirKey() throws {
    let run = KernelRun(
      SampleLog(topics: [
        [], [], [Self.full(), Self.full(), Sample(topic: .pageView, page: "Home")],
      ]),
      latenessMs: 0)
    run.fold([2, 2, 2])
    let members = run.output.members.take()
    #expect(run.output.members.take().isEmpty)
    let user = try #require(members.users.first)
    #expect(members.users.count == 1)
    #expect(user.key == TwinKey.user(Self.full()))
    #expect(user.userId == 42 && user.firstName == "Ann" && user.registration == 1_700_000_000_000)
    let song = try #require(members.songs.first)
    #expect(members.songs.count == 1)
    #expect(song.key == TwinKey.song(Self.full()))
    #expect(song.duration == 268.826)
    let place = try #require(members.locations.first)
    #expect(members.locations.count == 1)
    #expect(place.key == TwinKey.location(Self.full()) && place.region == "Northeast")
    #expect(members.devices.map(\.key) == [TwinKey.device(Self.full())])
  }

  @Test func identitiesAreRememberedUntilTheirTenMinutesHavePassed() {
    var memory = IdentityMemory()
    let first = [
      memory.insert(1, timestamp: 600_000), memory.insert(1, timestamp: 600_000),
      memory.insert(2, timestamp: 1_200_000), memory.insert(1, timestamp: 700_000),
    ]
    #expect(first == [true, false, true, false])
    memory.forget(below: 1_199_999)
    let kept = memory.insert(1, timestamp: 600_000)
    #expect(!kept)
    memory.forget(below: 1_200_000)
    let forgotten = memory.insert(1, timestamp: 600_000)
    let other = memory.insert(2, timestamp: 1_200_000)
    #expect(forgotten && !other)
    memory.forget(below: 6_000_000)
    let again = [memory.insert(2, timestamp: 1_200_000), memory.insert(2, timestamp: 1_200_000)]
    #expect(again == [true, false])
  }
}
