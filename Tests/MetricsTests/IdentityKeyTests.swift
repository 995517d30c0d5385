import EventModel
import TestKit
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

  /// By the names of the functions of `KeyHasher`.
  private func keys(_ sample: Sample) -> [String: Int64] {
    var hasher = KeyHasher()
    let event = sample.event
    return [
      "user": hasher.user(event), "song": hasher.song(event),
      "location": hasher.location(event), "device": hasher.device(event),
      "audience": hasher.audience(event), "page": hasher.page(event),
      "identity": hasher.identity(event), "session": hasher.session(event),
    ]
  }

  private func twins(_ sample: Sample) -> [String: Int64] {
    [
      "user": TwinKey.user(sample), "song": TwinKey.song(sample),
      "location": TwinKey.location(sample), "device": TwinKey.device(sample),
      "audience": TwinKey.audience(sample), "page": TwinKey.page(sample),
      "identity": TwinKey.identity(sample), "session": TwinKey.session(sample),
    ]
  }

  /// Keys that are 0 where an event does not have what they are made of.
  private static let dimensions: Set = ["user", "song", "location", "device"]

  /// A key that is new is in the tests below, and in docs/keys.md.
  @Test func everyKeyIsTestedAndDocumented() throws {
    let sources = try SourceTree.files(below: "Sources/Metrics", ending: "Keys.swift")
    let functions = try #require(sources["Sources/Metrics/Keys.swift"])
      .matches(of: /mutating func ([A-Za-z]+)\(_ event: Event\) -> Int64/).map { String($0.1) }
    #expect(functions.sorted() == keys(Self.full()).keys.sorted())
    let page = try #require(SourceTree.files(below: "docs", ending: "keys.md")["docs/keys.md"])
    let words = Set(page.split { !$0.isLetter && $0 != "_" }.map(String.init))
    for name in functions {
      let word = Self.dimensions.contains(name) ? "\(name)_key" : name
      #expect(words.contains(word), "docs/keys.md: \(word)")
    }
  }

  /// These keys are stored in every existing database. If one of them changes, all keys of all warehouses have
  /// changed.
  @Test func theKeysOfAKnownEventNeverChange() {
    #expect(
      keys(Self.full()) == [
        "user": 2_514_376_026_630_902_865, "song": -8_138_037_758_349_079_858,
        "location": -6_391_954_118_496_004_718, "device": 2_373_223_287_741_404_337,
        "audience": -5_608_650_434_505_950_928, "page": 6_993_512_550_645_358_057,
        "identity": -6_939_034_399_681_542_154, "session": 5_180_203_109_521_098_318,
      ])
    #expect(
      keys(Sample(topic: .listen, ts: 0)) == [
        "user": 0, "song": 0, "location": 0, "device": 0,
        "audience": 7_512_696_349_053_599_789, "page": -2_299_291_735_266_194_176,
        "identity": 8_793_497_933_037_432_178, "session": 5_285_659_393_286_859_793,
      ])
  }

  @Test(arguments: kernelSeeds(20))
  func keysAreTheHashOfTheDocumentedBytes(seed: UInt64) {
    var stream = SampleStream(seed: seed, latenessMs: 0)
    for sample in stream.log(60).topics.joined() {
      #expect(keys(sample) == twins(sample), "seed \(seed)")
    }
  }

  @Test func anAttributeChangesTheKeysThatItIsPartOfAndNoOther() {
    let changes: [(Set<String>, (inout Sample) -> Void)] = [
      (["user", "identity", "session"], { $0.user = 43 }),
      (["user"], { $0.firstName = "Anna" }),
      (["user"], { $0.lastName = "" }),
      (["user", "audience"], { $0.gender = "M" }),
      (["user", "audience", "page"], { $0.level = "free" }),
      (["user"], { $0.registration = nil }),
      (["song"], { $0.artist = "" }),
      (["song"], { $0.song = "hoppípolla" }),
      (["song"], { $0.duration = 268.827 }),
      (["location"], { $0.country = "IS" }),
      (["location"], { $0.state = "" }),
      (["location"], { $0.city = "York" }),
      (["location"], { $0.zip = "10002" }),
      (["device"], { $0.agent = "curl/8" }),
      (["page"], { $0.page = "Home" }),
      (["page"], { $0.method = "GET" }),
      (["page"], { $0.status = 200 }),
      (["page"], { $0.auth = "Guest" }),
      (["identity"], { $0.topic = .listen }),
      (["identity", "session"], { $0.session = 8 }),
      (["identity"], { $0.item = 4 }),
      (["identity"], { $0.ts += 1 }),
      ([], { $0.success = true }),
      ([], { $0.duration = 268.8257 }),
      ([], { $0.country = "" }),
    ]
    for (i, (changed, change)) in changes.enumerated() {
      var sample = Self.full()
      let before = keys(sample)
      change(&sample)
      let after = keys(sample)
      #expect(Set(before.keys.filter { before[$0] != after[$0] }) == changed, "change \(i)")
    }
  }

  @Test func whereOneAttributeEndsAndTheNextBeginsIsPartOfTheKey() {
    let pairs = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc"), ("a\0", "bc"), ("a", "\0bc")]
    var songs = Set<Int64?>()
    var places = Set<Int64?>()
    for (first, second) in pairs {
      songs.insert(keys(Sample(artist: first, song: second))["song"])
      places.insert(keys(Sample(city: second, state: first))["location"])
    }
    #expect(songs.count == pairs.count)
    #expect(places.count == pairs.count)
  }

  @Test func onlyTheUnknownMemberHasTheKeyZero() {
    let bare = keys(Sample(topic: .listen))
    #expect(Set(bare.keys.filter { bare[$0] == 0 }) == Self.dimensions)
    #expect(!keys(Self.full()).values.contains(0))
    #expect(keys(Sample(song: "a"))["song"] != 0)
    #expect(keys(Sample(artist: "a"))["song"] != 0)
    #expect(keys(Sample(country: "US"))["location"] != 0)
    #expect(keys(Sample(user: 0))["user"] != 0)
  }

  @Test func attributesLongerThanTheScratchSpaceCount() {
    let long = String(repeating: "x", count: 10_000)
    let a = keys(Sample(agent: long + "a"))["device"]
    #expect(a == TwinKey.device(Sample(agent: long + "a")))
    #expect(a != keys(Sample(agent: long + "b"))["device"])
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
}
