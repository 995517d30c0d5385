import EventModel
import Testing

/// Every field at its bound and one beyond it.
@Suite struct PlausibilityTests {
  let decoder = EventDecoder()

  private func failure(_ key: String, _ value: String, as topic: Topic) -> DecodingFailure? {
    let members = setting(
      "page", to: #""Home""#, in: setting("success", to: "true", in: Sample.of(topic)))
    return decoder.failure(json(setting(key, to: value, in: members)), as: topic)
  }

  /// A JSON text with this number of bytes, most of whose characters have two bytes.
  private func text(_ bytes: Int) -> String {
    "\"" + String(repeating: "é", count: bytes / 2) + String(repeating: "x", count: bytes % 2)
      + "\""
  }

  @Test(arguments: Topic.allCases, EventDecoder.bounds.map(\.field))
  func aFieldIsTakenAtItsBoundAndRefusedOneBeyond(_ topic: Topic, _ field: String) throws {
    let bound = try #require(EventDecoder.bounds.first { $0.field == field })
    switch bound.extent {
    case .integer(let range):
      for value in [range.lowerBound, range.upperBound] {
        #expect(failure(field, "\(value)", as: topic) == nil, "\(value)")
      }
      if range.lowerBound > Int64.min { refuses("\(range.lowerBound - 1)") }
      if range.upperBound < Int64.max { refuses("\(range.upperBound + 1)") }
    case .number(let range):
      for value in [range.lowerBound, range.upperBound] {
        #expect(failure(field, "\(value)", as: topic) == nil, "\(value)")
      }
      for value in [range.lowerBound.nextDown, range.upperBound.nextUp] { refuses("\(value)") }
    case .text(let bytes):
      #expect(failure(field, text(bytes), as: topic) == nil)
      refuses(text(bytes + 1), length: bytes + 1)
      refuses(text(1 << 20), length: 1 << 20)
    }

    func refuses(_ value: String, length: Int? = nil) {
      let failure = failure(field, value, as: topic)
      #expect(failure?.field == field, "\(value.prefix(40))")
      #expect(failure?.code == (field == "ts" ? .implausibleTime : .outOfRange))
      #expect(failure?.expected == bound.expected)
      if let length { #expect(failure?.found.hasPrefix("\(length) bytes, string ") == true) }
    }
  }

  @Test func theReasonNamesTheFieldItsLengthAndTheLimit() {
    let page = "\"" + String(repeating: "p", count: 3000) + "\""
    #expect(
      failure("page", page, as: .listen)?.reason
        == "field page: expected a text of at most 256 bytes, found 3000 bytes, "
        + "string \"\(String(repeating: "p", count: 32))…\"")
    #expect(
      failure("itemInSession", "3000000000", as: .auth)?.reason
        == "field itemInSession: expected an integer from 0 to 2147483647, found number 3000000000")
  }

  @Test func everyFieldButSuccessHasABound() {
    let fields = Set((Sample.listen + Sample.pageView + Sample.classic).map(\.key))
    #expect(Set(EventDecoder.bounds.map(\.field)) == fields)
  }

  /// The longest location of the classic format gives a city that is no longer than a city may be.
  @Test func aClassicLocationGivesACityWithinItsBound() throws {
    let line = json(setting("location", to: text(256), in: Sample.classic))
    let event = try Array(line.utf8).withUnsafeBytes {
      try decoder.decodeClassic(decoder.padded($0))
    }
    #expect(event.city.count == 256)
  }
}
