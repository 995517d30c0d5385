import EventModel
import Testing

@Suite struct BrokenInputTests {
  let decoder = EventDecoder()

  private func code(_ text: String, as topic: Topic = .listen) -> DecodingFailure.Code? {
    decoder.failure(text, as: topic)?.code
  }

  /// The failure of a page view in which one field has another value.
  private func failure(_ key: String, _ value: String) -> DecodingFailure? {
    let members = setting("success", to: "true", in: Sample.pageView)
    return decoder.failure(json(setting(key, to: value, in: members)), as: .pageView)
  }

  @Test(arguments: Topic.allCases)
  func aLineCutAnywhereIsMalformedWhateverFollowsIt(_ topic: Topic) {
    let line = Array((json(Sample.of(topic))).utf8)
    let padded = line + line + [UInt8](repeating: 0, count: EventDecoder.padding)
    padded.withUnsafeBytes { bytes in
      for count in 0..<line.count {
        // The rest of the line stands in the padding, and must not be read as part of the cut line.
        let cut = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        let failure = #expect(throws: DecodingFailure.self, "cut at \(count)") {
          try decoder.decode(cut, as: topic)
        }
        #expect(failure?.code == .malformedJSON, "cut at \(count)")
        #expect(failure?.field == "")
      }
    }
  }

  @Test func everyFieldTakesItsJSONTypesAndNoOthers() {
    let values: [(type: String, value: String)] = [
      ("boolean", "true"), ("boolean", "false"), ("integer", "1"), ("fraction", "1.5"),
      ("word", #""abc""#), ("digits", #""12""#), ("true", #""true""#), ("array", "[]"),
      ("array", #"["a",1]"#), ("object", "{}"), ("object", #"{"ts":1}"#),
    ]
    let text: Set = ["word", "digits", "true"]
    let number: Set = ["integer", "fraction", "digits"]
    var takes: [String: Set<String>] = [
      "sessionId": ["integer"], "itemInSession": ["integer"], "userId": ["integer", "digits"],
      "registration": ["integer", "digits"], "status": ["integer", "digits"], "lon": number,
      "lat": number, "duration": number, "length": number, "success": ["boolean", "true"],
      "zip": text.union(["integer"]), "trackId": text.union(["integer"]), "ts": [],
    ]
    for key in [
      "level", "userAgent", "city", "state", "country", "firstName", "lastName", "gender", "auth",
      "artist", "song", "page", "method", "tag", "location",
    ] {
      takes[key] = text
    }
    for (key, taken) in takes {
      for (type, value) in values {
        // The integer 1 is no plausible time; all other lines test that `ts` takes integers.
        if key == "ts", type == "integer" { continue }
        let failure = failure(key, value)
        if taken.contains(type) {
          #expect(failure == nil, "\(key): \(value)")
        } else {
          #expect(failure?.code == .wrongType, "\(key): \(value)")
          #expect(failure?.field == key)
        }
      }
    }
  }

  @Test(arguments: [
    "9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
    "123456789012345678901234567890", "1e400", "-1e400", "1e19", "9007199254740992.0",
    "9007199254740993.0",
  ])
  func anIntegerBeyond64BitsIsOutOfRangeAndNamed(_ value: String) {
    for key in ["ts", "sessionId", "itemInSession", "userId", "registration", "status", "zip"] {
      let failure = failure(key, value)
      #expect(failure?.code == .outOfRange, "\(key)")
      #expect(failure?.field == key)
    }
  }

  @Test func ofSeveralLargeNumbersTheOneThatMattersIsNamed() {
    // Members with large numbers are found by their position in the object, which commas, brackets and quotes
    // within text must not change.
    let noise: Members = [
      ("a", "1e400"), ("b", "[1e400,1e400,{\"lat\":1e400}]"), ("c", #""\",{[\\""#), ("d", "1e999"),
    ]
    #expect(code(json(noise + Sample.listen)) == nil)
    for key in ["ts", "lat", "zip", "duration"] {
      let members = noise + setting(key, to: "7e777", in: Sample.listen) + noise
      let failure = decoder.failure(json(members), as: .listen)
      #expect(failure?.field == key)
      #expect(failure?.found == "number 7e777")
    }
  }

  @Test(arguments: ["1e400", "-1e400", #""1e400""#])
  func aNumberBeyondADoubleIsOutOfRangeAndNamed(_ value: String) {
    for key in ["lon", "lat", "duration", "length"] {
      let failure = failure(key, value)
      #expect(failure?.code == .outOfRange, "\(key)")
      #expect(failure?.field == key)
    }
  }

  @Test func manyLargeNumbersTakeNoLongerThanTheirBytes() {
    // With 200,000 members, a search that compares each with all others would take hours.
    let members = String(repeating: #""ts":1e400,"#, count: 200_000)
    let failure = decoder.failure("{\(members)\"ts\":7e777}", as: .listen)
    #expect(failure?.field == "ts")
    #expect(failure?.found == "number 7e777")
  }

  @Test func aLargeNumberWhereTextBelongsIsOfTheWrongType() {
    #expect(failure("city", "1e400")?.code == .wrongType)
    #expect(failure("city", "1e400")?.found == "number 1e400")
    #expect(failure("success", "123456789012345678901")?.code == .wrongType)
  }

  @Test(arguments: [
    "01", "-01", "1.", ".5", "+1", "1e", "1e+", "--1", "-", "0x10", "1_000", "NaN", "Infinity",
    "-Infinity", "1e400x", "1e400-5", "1e400 1", "1e400.5", "1e400true", #"1e400"""#, "tru1e400",
    "'a'", "undefined", "TRUE", "nul", "truefalse",
  ])
  func whatIsNoJSONValueIsMalformed(_ value: String) {
    #expect(failure("lon", value)?.code == .malformedJSON)
    #expect(failure("other", value)?.code == .malformedJSON)
    #expect(failure("other", "[[\(value)]]")?.code == .malformedJSON)
  }

  @Test func aNumberThatIsTooLongForAFloatIsStillOne() throws {
    let digits = "35." + String(repeating: "3", count: 2_000)
    let line = json(setting("lat", to: digits, in: Sample.listen))
    #expect(
      try decoder.contents(line, as: .listen)["lat"] == .number(35.333333333333333333))
  }

  @Test(arguments: [
    (#""\ud800""#), #""\udc00""#, #""\ud800x""#, #""\ud800\ud800""#, #""\udc00\ud800""#,
    #""\ud83d\u00e9""#, #""\ud83d\n""#, #""\u12""#, #""\u12g4""#, #""\x41""#, #""\'""#, #""\""#,
    "\"\n\"", "\"\t\"", "\"\u{1f}\"", "\"\0\"",
  ])
  func badEscapesAndControlCharactersAreMalformed(_ value: String) {
    #expect(failure("artist", value)?.code == .malformedJSON)
    #expect(failure("other", value)?.code == .malformedJSON)
  }

  @Test(
    arguments: [
      [0xff], [0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80],
      [0xed, 0xbf, 0xbf], [0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf8], [0xe2, 0x82],
      [0xc3],
    ] as [[UInt8]])
  func invalidUTF8IsMalformedWhereverItStands(_ bytes: [UInt8]) {
    let line = Array(json(setting("artist", to: #""@@""#, in: Sample.listen)).utf8)
    let place = line.firstIndex(of: UInt8(ascii: "@"))!
    for target in [place, 2, line.count - 3] {
      var broken = line
      broken.insert(contentsOf: bytes, at: target)
      #expect(decoder.failure(broken, as: .listen)?.code == .malformedJSON, "at \(target)")
    }
  }

  @Test func aNULEscapeIsRefusedInTextAndNamed() {
    let failure = failure("city", #""Bakers\u0000field""#)
    #expect(failure?.field == "city")
    #expect(failure?.code == .outOfRange)
    #expect(failure?.found == #"string "Bakers\u{0}field""#)
    #expect(self.failure("city", #""\\u0000""#) == nil)
    #expect(self.failure("userId", #""1\u0000""#)?.field == "userId")
    #expect(self.failure("other", #""\u0000""#) == nil)
  }

  @Test func bytesThatAreNULAreMalformed() {
    let line = json(Sample.listen)
    for text in ["\0", "\0\(line)", "\(line)\0", line.replacing("{", with: "{\0")] {
      #expect(code(text) == .malformedJSON)
    }
  }

  @Test func anEmptyOrBlankLineIsMalformed() {
    for text in ["", " ", "\n", " \t\r\n ", String(repeating: " ", count: 1000)] {
      #expect(code(text) == .malformedJSON)
    }
    #expect(throws: DecodingFailure.self) {
      try decoder.decode(UnsafeRawBufferPointer(start: nil, count: 0), as: .listen)
    }
  }

  @Test func aLineIsOneDocument() {
    let line = json(Sample.listen)
    for text in [
      line + line, "\(line) \(line)", "\(line)\n\(line)", "\(line),", "\(line)x", "\(line)}",
      "{\(line)}", line.dropLast() + ",}", "\u{feff}\(line)", "/**/\(line)", "\(line)//",
    ] {
      #expect(code(String(text)) == .malformedJSON)
    }
  }

  @Test(arguments: [
    ("[]", "an array"), (#"[{"ts":1}]"#, "an array"), ("null", "null"), ("true", "boolean true"),
    ("5", "number 5"), ("1.5", "number 1.5"), (#""x""#, #"string "x""#),
  ])
  func aDocumentThatIsNoObjectIsCalledWhatItIs(_ text: String, _ found: String) {
    #expect(
      decoder.failure(text, as: .listen)
        == DecodingFailure(
          code: .notAnObject, field: "", expected: "one JSON object", found: found))
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
  func nestingThatIsTooDeepIsAnError(_ opening: String) {
    let depth = 100_000
    let deep = String(repeating: opening, count: depth)
    #expect(code(deep) == .malformedJSON)
    let closing = opening == "[" ? "]" : opening == "{\"a\":" ? "}" : "}]"
    let whole = deep + "1" + String(repeating: closing, count: depth)
    #expect(failure("other", whole)?.code == .malformedJSON)
    #expect(failure("other", "[1e400,\(whole)]")?.code == .malformedJSON)
  }

  @Test func aLineThatIsTooLongIsRefused() {
    let line = json(Sample.listen)
    let limit = 16 << 20
    let fitting = line + String(repeating: " ", count: limit - line.utf8.count)
    #expect(code(fitting) == nil)
    #expect(code(fitting + " ") == .malformedJSON)
  }

  @Test(arguments: [
    ("946684800000", true), ("946684799999", false), ("4102444799999", true),
    ("4102444800000", false), ("0", false), ("-1", false), ("9223372036854775807", false),
    ("1538352117", false), ("1538352117000000", false),
  ])
  func aTimeOutsideTheCalendarIsImplausible(_ ts: String, _ isPlausible: Bool) {
    let failure = failure("ts", ts)
    #expect((failure == nil) == isPlausible)
    if !isPlausible {
      #expect(failure?.code == .implausibleTime)
      #expect(failure?.field == "ts")
    }
  }

  @Test(arguments: [
    ("lat", ["-90", "90", "0", "-0.0"], ["-90.0001", "90.0001", "1e308", #""91""#]),
    ("lon", ["-180", "180", "0"], ["-180.0001", "181", #""-181""#]),
    ("duration", ["0.001", "1000000"], ["-1", "-0.001", "1000000.1", "1e308", #""-1""#]),
    ("length", ["0.001", "1000000"], ["-1", "1000001"]),
    (
      "itemInSession", ["0", "2147483647"],
      ["-1", "2147483648", "3000000000", "9223372036854775807", "-9223372036854775808"]
    ),
    (
      "userId", ["0", "-1", "9223372036854775807", #""-9223372036854775807""#],
      ["-9223372036854775808", #""-9223372036854775808""#]
    ),
    ("sessionId", ["-1", "9223372036854775807", "-9223372036854775808"], []),
    ("status", ["0", "200", "999"], ["-1", "1000", "4294967496"]),
    (
      "registration", ["-2208988800000", "0", "4102444799999"],
      ["-2208988800001", "4102444800000", "9223372036854775807"]
    ),
  ])
  func aValueBeyondItsRangeIsNamed(_ key: String, _ within: [String], _ beyond: [String]) {
    for value in within { #expect(failure(key, value) == nil, "\(value)") }
    for value in beyond {
      let failure = failure(key, value)
      #expect(failure?.code == .outOfRange, "\(value)")
      #expect(failure?.field == key)
    }
  }
}
