import EventModel
import Testing

@Suite struct DecodingFailureTests {
  let decoder = EventDecoder()

  private func reason(_ key: String, _ value: String) -> String? {
    decoder.failure(json(setting(key, to: value, in: Sample.listen)), as: .listen)?.reason
  }

  @Test func theReasonIsOneLineThatNamesFieldExpectationAndValue() {
    #expect(
      reason("sessionId", #""abc""#) == #"field sessionId: expected an integer, found string "abc""#
    )
    #expect(
      reason("lat", "91.5") == "field lat: expected degrees from -90 to 90, found number 91.5")
    #expect(reason("sessionId", "null") == "field sessionId: expected an integer, found nothing")
    #expect(
      reason("ts", "5")
        == "field ts: implausible time, expected a time from 2000-01-01 to 2099-12-31 UTC "
        + "in milliseconds, found number 5")
    #expect(reason("city", "[1]") == "field city: expected a string, found an array")
    #expect(reason("city", "{}") == "field city: expected a string, found an object")
    #expect(reason("city", "true") == "field city: expected a string, found boolean true")
  }

  @Test func theReasonForAMalformedDocumentSaysWhatTheParserSaid() throws {
    let reason = try #require(decoder.failure("{\"a\":\"\u{1}\"}", as: .listen)?.reason)
    #expect(reason.hasPrefix("document: expected one JSON object, found "))
    #expect(reason.contains("unescaped characters"))
    #expect(!reason.contains("\n"))
  }

  @Test func invisibleCharactersOfAValueAreEscaped() {
    #expect(
      reason("sessionId", #""a\n\u001b[2J\u202e\"\\é""#)
        == #"field sessionId: expected an integer, found string "a\u{a}\u{1b}[2J\u{202e}\"\\é""#)
  }

  @Test func longValuesAreCut() throws {
    for value in [
      String(repeating: "x", count: 100_000), String(repeating: "🎵", count: 1000),
      String(repeating: #"\u0007"#, count: 1000), String(repeating: "e\u{301}", count: 1000),
    ] {
      let line = json(setting("sessionId", to: "\"\(value)\"", in: Sample.listen))
      let found = try #require(decoder.failure(line, as: .listen)?.found)
      #expect(found.unicodeScalars.count <= 50)
      #expect(found.hasSuffix("…\""))
    }
    let digits = String(repeating: "9", count: 1000)
    let line = json(setting("sessionId", to: digits, in: Sample.listen))
    #expect(
      decoder.failure(line, as: .listen)?.found == "number \(digits.prefix(31))…")
  }

  @Test func ofSeveralWrongFieldsTheSameIsReportedInAnyOrder() {
    let wrong: Members = [("city", "1"), ("userId", "[]"), ("lat", "{}")]
    for members in [wrong, wrong.reversed()] {
      #expect(decoder.failure(json(members), as: .listen)?.field == "userId")
    }
  }

  @Test func codesKeepTheirNamesForTheyAreStored() {
    #expect(
      DecodingFailure.Code.allCases.map(\.rawValue) == [
        "malformedJSON", "notAnObject", "missingField", "wrongType", "outOfRange",
        "implausibleTime", "unknownKind", "brokenRow",
      ])
  }
}
