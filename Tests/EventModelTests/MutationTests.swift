import EventModel
import Foundation
import TestKit
import Testing

/// Random damage to valid lines. `POLYRHYTHM_SEED` repeats a run.
@Suite struct MutationTests {
  private static let seed =
    ProcessInfo.processInfo.environment["POLYRHYTHM_SEED"].flatMap { UInt64($0) } ?? 41
  private static let rounds = 20_000

  private static let values = [
    "null", "true", "false", "0", "-0", "1", "-1", "1.0", "1.5", "1e2", "-1E-2", "1e400", "1e-400",
    "01", "1.", "-", "90.5", "1000", "1538352117000", "4102444800000", "9223372036854775807",
    "9223372036854775808", "18446744073709551616", "123456789.25", #""""#, #"" ""#, #""abc""#,
    #""12""#, #""-5""#, #""+5""#, #""1.5""#, #""1e2""#, #""true""#, #""false""#, #""True""#,
    #""\u00e9""#, #""\ud83c\udfb5""#, #""\ud83c""#, #""\udfb5""#, #""a\\b\"c\/""#, #""\q""#,
    #""né 🎵""#, #""\u0000""#, "[]", "{}", "[1,2,3]", #"{"ts":1}"#, "[", "}", "", "nul",
  ]
  private static let fragments: [[UInt8]] =
    [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", " ", "\n", "\t", "\r", "e", ".",
      "-",
      "+", "0", "9", "null", "true", "\u{e9}", "\u{1F3B5}", "\u{7f}", "/", "#", "\\n", "\"\"",
    ].map { Array($0.utf8) } + [[0], [0x1f], [0x80], [0xff], [0xc3], [0xed, 0xa0, 0x80]]

  private func mutant(_ topic: Topic, using random: inout SeededRandom) -> [UInt8] {
    var members = Bool.random(using: &random) ? Sample.of(topic) : Sample.classic
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let index = Int.random(in: members.indices, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0...2: members[index].value = Self.values.randomElement(using: &random)!
      case 3: members.append((members[index].key, Self.values.randomElement(using: &random)!))
      case 4: members[index].key = Sample.pageView.randomElement(using: &random)!.key
      default: members.remove(at: index)
      }
    }
    if Bool.random(using: &random) { members.shuffle(using: &random) }
    var bytes = Array(json(members).utf8)
    // Half of the lines are damaged in their fields only, so that many of them are still JSON.
    guard Bool.random(using: &random) else { return bytes }
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.insert(contentsOf: Self.fragments.randomElement(using: &random)!, at: place)
      case 3: bytes.remove(at: place)
      default:
        let end = min(place + Int.random(in: 1...20, using: &random), bytes.count - 1)
        if place < end { bytes.removeSubrange(place..<end) }
      }
    }
    return bytes
  }

  @Test func theDecoderAgreesWithFoundationOnDamagedLines() {
    print("mutations: POLYRHYTHM_SEED=\(Self.seed)")
    var random = SeededRandom(seed: Self.seed)
    let decoder = EventDecoder()
    var accepted = 0
    var refused = 0
    var malformed = 0
    for round in 0..<Self.rounds {
      let topic = Topic.allCases.randomElement(using: &random)!
      let bytes = mutant(topic, using: &random)
      let line = String(decoding: bytes, as: UTF8.self)
      let place: Comment = "seed \(Self.seed), round \(round), \(topic.name): \(line)"
      let oracle = FoundationOracle.verdict(on: bytes, as: topic)
      do throws(DecodingFailure) {
        let fields = try decoder.contents(bytes, as: topic)
        accepted += 1
        if oracle != .unknown { #expect(oracle == .event(fields), place) }
      } catch {
        #expect(error.field.isEmpty == (error.code == .malformedJSON || error.code == .notAnObject))
        #expect(!error.reason.contains("\n"), place)
        let isMalformed = error.code == .malformedJSON
        if isMalformed { malformed += 1 } else { refused += 1 }
        if oracle != .unknown {
          #expect(oracle == (isMalformed ? .malformed : .noEvent), "\(error.reason), \(line)")
        }
      }
    }
    // Each of the three outcomes must be frequent, because the comparison says little otherwise.
    for count in [accepted, refused, malformed] { #expect(count > Self.rounds / 10) }
  }

  @Test func randomBytesAreNoEvent() {
    var random = SeededRandom(seed: Self.seed)
    let decoder = EventDecoder()
    for _ in 0..<2_000 {
      let count = Int.random(in: 0...200, using: &random)
      let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      #expect(decoder.failure(bytes, as: .listen) != nil, "seed \(Self.seed): \(bytes)")
    }
  }
}
