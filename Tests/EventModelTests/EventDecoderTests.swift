import EventModel
import Glibc
import Testing

@Suite struct EventDecoderTests {
  let decoder = EventDecoder()

  private static let place: [String: FieldValue] = [
    "ts": .integer(1_538_352_117_000), "sessionId": .integer(29), "itemInSession": .integer(50),
    "level": .text("paid"), "city": .text("Bakersfield"), "zip": .text("93309"),
    "state": .text("CA"), "userAgent": .text("\"Mozilla/5.0 (Windows NT 6.1; WOW64)\""),
    "lon": .number(-119.062), "lat": .number(35.334), "userId": .integer(30),
    "lastName": .text("Freeman"), "firstName": .text("Colin"), "gender": .text("M"),
    "registration": .integer(1_538_173_362_000), "tag": .text("control"), "country": .text("US"),
  ]
  private static let song: [String: FieldValue] = [
    "artist": .text("Martha Tilston"), "song": .text("Rockpools"), "duration": .number(277.89016),
    "trackId": .text("TRAAAAW128F429D538"),
  ]

  /// A page view with the required fields and `members`, decoded.
  private func decoded(_ members: (key: String, value: String)...) throws -> [String: FieldValue] {
    let required: Members = [
      ("ts", "1538352117000"), ("sessionId", "1"), ("itemInSession", "0"), ("page", #""Home""#),
      ("success", "true"),
    ]
    return try decoder.contents(json(required + members), as: .pageView)
  }

  @Test func aListenEventHasEveryFieldOfItsLine() throws {
    let expected = Self.place.merging(Self.song) { $1 }
      .merging(["auth": .text("Logged In")]) { $1 }
    #expect(try decoder.contents(json(Sample.listen), as: .listen) == expected)
  }

  @Test func anAuthEventHasEveryFieldOfItsLine() throws {
    let expected = Self.place.merging(["success": .boolean(true)]) { $1 }
    #expect(try decoder.contents(json(Sample.auth), as: .auth) == expected)
  }

  @Test func aPageViewHasEveryFieldOfItsLine() throws {
    let request: [String: FieldValue] = [
      "auth": .text("Logged In"), "page": .text("NextSong"), "method": .text("PUT"),
      "status": .integer(200),
    ]
    let expected = Self.place.merging(Self.song) { $1 }.merging(request) { $1 }
    #expect(try decoder.contents(json(Sample.pageView), as: .pageView) == expected)
  }

  /// As serialisers with a schema registry write it: a byte 0 and four bytes of the schema's id.
  @Test(arguments: Topic.allCases)
  func anEventInAConfluentFrameIsTheEvent(_ topic: Topic) throws {
    let line = json(Sample.of(topic))
    let plain = try decoder.contents(line, as: topic)
    for frame in ["\u{0}\u{0}\u{0}\u{0}\u{7}", "\u{0}{\u{0}\n\u{1}"] {
      #expect(try decoder.contents(frame + line, as: topic) == plain)
    }
    for broken in ["\u{0}", "\u{0}\u{0}\u{0}\u{0}\u{7}", "\u{0}\u{0}\u{0}\u{0}\(line)"] {
      #expect(throws: DecodingFailure.self) { try decoder.contents(broken, as: topic) }
    }
  }

  @Test(arguments: Topic.allCases)
  func theEventIsOfTheTopicThatWasAskedFor(_ topic: Topic) throws {
    let line = Array(json(Sample.of(topic)).utf8)
    let event = try line.withUnsafeBytes { try decoder.decodeUnpadded($0, as: topic) }
    #expect(event.topic == topic)
  }

  @Test(arguments: Topic.allCases, ["left out", "null", #""""#])
  func whatIsOptionalMayBeAbsentNullOrEmpty(_ topic: Topic, _ form: String) throws {
    let required = ["ts", "sessionId", "itemInSession", "page", "success"]
    let all = Sample.of(topic)
    let whole = try decoder.contents(json(all), as: topic)
    for (key, _) in all where !required.contains(key) {
      let members = form == "left out" ? removing(key, from: all) : setting(key, to: form, in: all)
      var expected = whole
      expected[key] = nil
      #expect(try decoder.contents(json(members), as: topic) == expected, "\(key)")
    }
  }

  @Test(arguments: [Topic.listen, .auth, .pageView], ["left out", "null", #""""#])
  func whatIsRequiredIsNamedWhenItIsMissing(_ topic: Topic, _ form: String) {
    var required = ["ts", "sessionId", "itemInSession"]
    if topic == .auth { required.append("success") }
    if topic == .pageView { required.append("page") }
    let all = Sample.of(topic)
    for key in required {
      let members = form == "left out" ? removing(key, from: all) : setting(key, to: form, in: all)
      let failure = decoder.failure(json(members), as: topic)
      #expect(failure?.field == key)
      #expect(failure?.code == .missingField)
    }
  }

  @Test(arguments: [
    ("30", 30), (#""30""#, 30), (#""-7""#, -7), ("30.0", 30), ("3e1", 30), ("-0", 0),
    (#""0030""#, 30), ("9223372036854775807", Int64.max), (#""9223372036854775807""#, Int64.max),
    ("-9223372036854775807", -Int64.max), ("9007199254740991.0", 9_007_199_254_740_991),
  ])
  func aUserIdIsAnIntegerHoweverItIsWritten(_ written: String, _ userId: Int64) throws {
    #expect(try decoded(("userId", written))["userId"] == .integer(userId))
    #expect(try decoded(("sessionId", "2"), ("userId", written))["sessionId"] == .integer(2))
  }

  @Test(arguments: [
    #""abc""#, #"" 30""#, #""30 ""#, #""+30""#, #""30.0""#, #""0x1e""#, #""-""#, "1.5", "true",
    "[30]", "{}",
  ])
  func aUserIdThatIsNoIntegerIsOfTheWrongType(_ written: String) throws {
    let failure = #expect(throws: DecodingFailure.self) { try decoded(("userId", written)) }
    #expect(failure?.field == "userId")
    #expect(failure?.code == .wrongType)
  }

  @Test func timesMayComeAsFloatsWithoutAFraction() throws {
    #expect(try decoded(("ts", "1.538352117e12"))["ts"] == .integer(1_538_352_117_000))
    #expect(
      try decoded(("registration", "1540000000000.0"))["registration"]
        == .integer(1_540_000_000_000))
  }

  @Test func numbersMayComeAsStrings() throws {
    let fields = try decoded(
      ("lon", #""-119.5""#), ("lat", #""35""#), ("duration", #""2.5e2""#), ("status", #""404""#),
      ("registration", #""1540000000000""#), ("success", #""false""#))
    #expect(fields["lon"] == .number(-119.5))
    #expect(fields["lat"] == .number(35))
    #expect(fields["duration"] == .number(250))
    #expect(fields["status"] == .integer(404))
    #expect(fields["registration"] == .integer(1_540_000_000_000))
    #expect(fields["success"] == .boolean(false))
  }

  @Test func aZipCodeMayComeAsANumber() throws {
    #expect(try decoded(("zip", "93309"))["zip"] == .text("93309"))
    #expect(try decoded(("zip", "93309.0"))["zip"] == .text("93309"))
    #expect(try decoded(("zip", #""02134""#))["zip"] == .text("02134"))
  }

  @Test(arguments: ["-0", "-0.0", #""-0.0""#, "-1e-400"])
  func aCoordinateIsNeverMinusZero(_ zero: String) throws {
    for key in ["lon", "lat"] {
      guard case .number(let value)? = try decoded((key, zero))[key] else {
        Issue.record("\(key) \(zero) is no number")
        return
      }
      #expect(value == 0 && value.sign == .plus)
    }
  }

  @Test func lengthIsAnotherNameForDurationAndTitleIsNone() throws {
    #expect(try decoded(("length", "12.5"))["duration"] == .number(12.5))
    #expect(try decoded(("length", "1"), ("duration", "2"))["duration"] == .number(2))
    #expect(try decoded(("duration", "2"), ("length", "1"))["duration"] == .number(2))
    #expect(try decoded(("title", #""Rockpools""#))["song"] == nil)
  }

  @Test(arguments: ["0", "0.0", "-0.0", #""0""#])
  func aDurationOfZeroIsNone(_ written: String) throws {
    #expect(try decoded(("duration", written))["duration"] == nil)
  }

  @Test func escapesAreResolved() throws {
    let fields = try decoded(
      ("artist", #""Bj\u00f6rk \"B\" \\ \/ \b\f\n\r\t""#),
      ("song", #""\ud83c\udfb5 \u4f60\u597d""#),
      ("tag", #""\u0022\u005c\uDBFF\uDFFF""#))
    #expect(fields["artist"] == .text("Björk \"B\" \\ / \u{8}\u{c}\n\r\t"))
    #expect(fields["song"] == .text("🎵 你好"))
    #expect(fields["tag"] == .text("\"\\\u{10FFFF}"))
  }

  @Test func textOfSeveralBytesACharacterComesThrough() throws {
    let name = "Sigur Rós – ágætis 🎶 \u{e9}\u{301} \u{7ff}\u{800}\u{ffff}\u{10000}"
    #expect(try decoded(("artist", "\"\(name)\""))["artist"] == .text(name))
  }

  @Test func keysMayBeEscapedToo() throws {
    #expect(try decoded((#"arti\u0073t"#, #""A""#))["artist"] == .text("A"))
  }

  @Test func unknownFieldsAreIgnoredWhateverTheyHold() throws {
    let plain = try decoded()
    for value in ["null", "1", #""ts""#, #"{"ts":"x","page":[1,{"lat":999}]}"#, "[[[]]]", "1e400"] {
      #expect(try decoded(("other", value), ("Ts", value), ("pag", value)) == plain, "\(value)")
    }
  }

  @Test func theLastOfSeveralEqualKeysHolds() throws {
    #expect(try decoded(("userId", "1"), ("userId", "2"))["userId"] == .integer(2))
    #expect(try decoded(("userId", "1"), ("userId", "null"))["userId"] == nil)
    #expect(try decoded(("userId", "[]"), ("userId", "2"))["userId"] == .integer(2))
    #expect(try decoded(("userId", "1e400"), ("userId", "2"))["userId"] == .integer(2))
    #expect(try decoded(("city", #""A""#), ("city", "null"))["city"] == nil)
    #expect(throws: DecodingFailure.self) { try decoded(("userId", "2"), ("userId", "[]")) }
  }

  @Test func whiteSpaceAroundTheObjectIsAllowed() throws {
    let line = json(Sample.listen)
    let plain = try decoder.contents(line, as: .listen)
    #expect(try decoder.contents(" \t\r\n\(line) \t\r\n", as: .listen) == plain)
  }

  @Test func whatStandsInThePaddingDoesNotMatter() throws {
    let line = Array(json(Sample.listen).utf8)
    let plain = try decoder.contents(line, as: .listen)
    for filler in [UInt8(ascii: "}"), UInt8(ascii: "\""), UInt8(ascii: "1"), 0, 0xff, 0x5c] {
      let bytes = line + [UInt8](repeating: filler, count: EventDecoder.padding)
      let fields = try bytes.withUnsafeBytes {
        contents(
          of: try decoder.decode(UnsafeRawBufferPointer(rebasing: $0[..<line.count]), as: .listen))
      }
      #expect(fields == plain)
    }
  }

  @Test func nothingBeyondThePaddingIsRead() throws {
    let page = sysconf(Int32(_SC_PAGESIZE))
    let memory = try #require(
      mmap(nil, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    defer { munmap(memory, 2 * page) }
    // Any read from the second page would now end this process.
    try #require(mprotect(memory + page, page, PROT_NONE) == 0)
    for extra in 0..<64 {
      let line = Array((json(Sample.listen) + String(repeating: " ", count: extra)).utf8)
      let start = memory + page - EventDecoder.padding - line.count
      start.copyMemory(from: line, byteCount: line.count)
      let event = try decoder.decode(
        UnsafeRawBufferPointer(start: start, count: line.count), as: .listen)
      #expect(event.song.string == "Rockpools")
    }
  }

  @Test func textOfACopiedLineDoesNotNeedTheLineAnyMore() throws {
    var line = Array(json(Sample.listen).utf8)
    let event = try line.withUnsafeBytes { try decoder.decodeUnpadded($0, as: .listen) }
    for index in line.indices { line[index] = 0x58 }
    #expect(event.artist.string == "Martha Tilston")
    #expect(event.userAgent.string == "\"Mozilla/5.0 (Windows NT 6.1; WOW64)\"")
  }

  @Test func aDecoderTakesLinesOfAnyLengthInAnyOrder() throws {
    for length in [1, 5_000, 3, 200_000, 70_000, 2] {
      let name = String(repeating: "é", count: min(length, 512))
      let noise = String(repeating: "é", count: length)
      let fields = try decoded(("other", "\"\(noise)\""), ("artist", "\"\(name)\""))
      #expect(fields["artist"] == .text(name))
    }
  }

  @Test func aDecoderGoesOnAfterAFailure() throws {
    let plain = try decoder.contents(json(Sample.listen), as: .listen)
    for broken in ["", "{", "[]", #"{"ts":1e400}"#, "{}", #"{"ts":[]}"#] {
      #expect(decoder.failure(broken, as: .listen) != nil)
      #expect(try decoder.contents(json(Sample.listen), as: .listen) == plain)
    }
  }
}
