import Foundation
import Testing

@testable import EventGenerator
@testable import EventModel

@Suite struct EncoderTests {
  /// Runs `body` with the text's bytes as a slice.
  private func slice(_ text: String) -> ByteSlice {
    // The bytes are never freed, because the slice has to outlive the call.
    let bytes = Array(text.utf8)
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
    memory.initialize(from: bytes, count: bytes.count)
    return ByteSlice(start: UnsafePointer(memory), count: bytes.count)
  }

  private func encoded(_ event: Event) -> String {
    var out: [UInt8] = [UInt8(ascii: "!")]
    EventEncoder.append(event, to: &out)
    return String(decoding: out.dropFirst(), as: UTF8.self)
  }

  private func parsed(_ event: Event) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(encoded(event).utf8))
    return try #require(object as? [String: Any])
  }

  private func fullEvent(text: String) -> Event {
    var event = Event(topic: .pageView)
    event.ts = 1_700_000_000_123
    event.sessionId = 17
    event.itemInSession = 3
    event.userId = 42
    event.level = slice(text)
    event.userAgent = slice(text)
    event.city = slice(text)
    event.state = slice(text)
    event.zip = slice(text)
    event.country = slice(text)
    event.lon = -118.2437
    event.lat = 34.0522
    event.firstName = slice(text)
    event.lastName = slice(text)
    event.gender = slice(text)
    event.registration = 1_600_000_000_000
    event.auth = slice(text)
    event.artist = slice(text)
    event.song = slice(text)
    event.duration = 219.062
    event.success = true
    event.page = slice(text)
    event.method = slice(text)
    event.status = 404
    event.tag = slice(text)
    event.trackId = slice(text)
    return event
  }

  @Test func fieldsComeInTheOrderOfTheDesign() {
    #expect(
      encoded(fullEvent(text: "x")) == #"{"ts":1700000000123,"sessionId":17,"itemInSession":3,"#
        + #""level":"x","userAgent":"x","city":"x","state":"x","zip":"x","country":"x","#
        + #""lon":-118.2437,"lat":34.0522,"userId":42,"firstName":"x","lastName":"x","#
        + #""gender":"x","registration":1600000000000,"auth":"x","artist":"x","song":"x","#
        + #""duration":219.062,"success":true,"page":"x","method":"x","status":404,"tag":"x","#
        + #""trackId":"x"}"#)
  }

  @Test func absentFieldsAreLeftOut() {
    var event = Event(topic: .auth)
    event.success = false
    event.lat = .nan
    #expect(encoded(event) == #"{"ts":0,"sessionId":0,"itemInSession":0,"success":false}"#)
  }

  @Test(arguments: [
    "\"", "\\", "plain", "a \"quoted\" title", "back\\slash", "Zürich 夜 🎵", "\u{7F}\u{80}",
    "seven77\"", "eight888\"", "nine99999\\tail of it",
    String((0..<32).map { Character(Unicode.Scalar($0)) }),
  ])
  func everyTextReadsBackAsItWas(text: String) throws {
    let object = try parsed(fullEvent(text: text))
    for key in ["level", "userAgent", "artist", "song", "page", "tag"] {
      #expect(object[key] as? String == text)
    }
  }

  @Test func everyByteIsEscapedWhereverItStandsInAWord() throws {
    for position in 0..<20 {
      for scalar in (0..<128).compactMap({ Unicode.Scalar($0) }) {
        var characters = [Character](repeating: "é", count: 3) + Array("abcdefghijklmnopq")
        characters[position] = Character(scalar)
        var event = Event(topic: .listen)
        event.song = slice(String(characters))
        #expect(try parsed(event)["song"] as? String == String(characters))
      }
    }
  }

  @Test(arguments: [
    0, 1, -1, 9, 10, 99, 100, 999_999, 1_000_000, Int64.max, Int64.min, 1_700_000_000_000,
  ])
  func everyIntegerReadsBackAsItWas(value: Int64) {
    var event = Event(topic: .listen)
    event.ts = value
    #expect(encoded(event).hasPrefix("{\"ts\":\(value),"))
  }

  @Test func everyDoubleReadsBackAsItWas() throws {
    var random = RandomSource(seed: 11, purpose: .user)
    var values: [Double] = [
      0, 1, -1, 0.1, 60, 600, 1e300, -Double.leastNonzeroMagnitude, 2.2250738585072014e-308, 9e9,
    ]
    for _ in 0..<1_500 {
      values.append(Double(Int.random(in: 60_000...600_000, using: &random)) / 1000)
      values.append(Double(Int.random(in: -1_800_000...1_800_000, using: &random)) / 10_000)
      values.append(Double(Int.random(in: -9_000_000_000...9_000_000_000, using: &random)) / 1e6)
      let any = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &random))
      if any.isFinite { values.append(any) }
    }
    for value in values {
      var event = Event(topic: .listen)
      event.duration = value
      let text = encoded(event).split(separator: ":").last?.dropLast() ?? ""
      #expect(Double(text) == value, "\(value) (\(value.bitPattern)) became \(text)")
    }
  }

  @Test func theWidestEventKeepsWithinTheBound() {
    var event = fullEvent(text: String(repeating: "\u{1}", count: 50))
    event.ts = .min
    event.sessionId = .min
    event.itemInSession = .min
    event.userId = .min
    event.registration = .min
    event.status = .min
    event.lon = -2.2250738585072014e-308
    event.lat = -2.2250738585072014e-308
    event.duration = -2.2250738585072014e-308
    event.success = false
    #expect(encoded(event).utf8.count <= EventEncoder.maxByteCount(of: event))
  }

  @Test(arguments: [(Int64?(7), "7"), (nil, "s99"), (0, "0"), (.max, "9223372036854775807")])
  func theKeyIsTheUserOrElseTheSession(user: Int64?, key: String) {
    var event = Event(topic: .listen)
    event.userId = user
    event.sessionId = 99
    var out = Array("<".utf8)
    event.appendMessageKey(to: &out)
    #expect(String(decoding: out, as: UTF8.self) == "<" + key)
  }
}
