import EventModel
import Testing

/// Which topic a record of the mixed topic belongs to.
@Suite struct EventKindsTests {
  private let kinds = EventKinds()

  private func topic(_ text: String, _ kinds: EventKinds? = nil) -> Topic? {
    Array(text.utf8).withUnsafeBytes { (kinds ?? self.kinds).topic(of: $0) }
  }

  @Test(arguments: [
    (#"{"type":"listen_events","ts":1}"#, Topic.listen), (#"{"ts":1,"type":"auth"}"#, .auth),
    (#" { "ts" : 1.5e3 , "a":{"type":"auth","b":["}",{}]} , "type" : "page_view" }"#, .pageView),
    (#"{"a\"type":"auth","b":[1,[2]],"c":null,"type":"page_view_events"}"#, .pageView),
    (#"{"type":"auth","type":"listen"}"#, .auth),
    ("\u{0}abcd{\"type\":\"auth\"}", .auth),
  ])
  func theFirstFieldOfTheRecordItselfCounts(_ text: String, _ expected: Topic) {
    #expect(topic(text) == expected)
  }

  @Test(arguments: [
    #"{"type":"status_change"}"#, #"{"type":7}"#, #"{"type":{"type":"auth"}}"#, #"{"type":null}"#,
    #"{"kind":"auth"}"#, #"{"a":{"type":"auth"}}"#, "{}", "", "[]", #"["type","auth"]"#, "{",
    #"{"type"#, #"{"type":"auth"#, #"{"type":"#, #"{"a":["#, #"{"a":"\"#, #"{"a":}"#, "nothing",
    #"{"type":"auth_"}"#, #"{"type":"au\u0074h"}"#,
  ])
  func whatNamesNoKindBelongsNowhere(_ text: String) {
    #expect(topic(text) == nil)
  }

  @Test func noRecordIsReadBeyondItsEnd() {
    let whole = Array(#"{"a\\":"b\"","c":{"d":[1,"e"]},"type":"auth","f":true}"#.utf8)
    for count in 0...whole.count {
      // Memory of just this size, so that the sanitizers see what is beyond.
      let topic = Array(whole[..<count]).withUnsafeBytes { kinds.topic(of: $0) }
      #expect((topic == .auth) == (count >= whole.count - 10), "\(count)")
    }
  }

  @Test func fieldAndNamesAreWhatTheyAreSetTo() {
    let kinds = EventKinds(field: "kind", names: [.listen: "played"])
    #expect(topic(#"{"kind":"played"}"#, kinds) == .listen)
    #expect(topic(#"{"kind":"listen_events"}"#, kinds) == nil)
    #expect(topic(#"{"kind":"auth_events"}"#, kinds) == .auth)
    #expect(topic(#"{"type":"auth_events"}"#, kinds) == nil)
    #expect(String(decoding: kinds.opening(of: .listen), as: UTF8.self) == #"{"kind":"played","#)
    #expect(EventKinds.isValid("event type"))
    #expect(!EventKinds.isValid("") && !EventKinds.isValid("\"") && !EventKinds.isValid("a\n"))
  }

  @Test func aBrokenRowSaysWhereItStoodAndIsGivenBackAsItCame() throws {
    let row = Array("1,\"a\nb\",yesterday".utf8)
    let stray = row.withUnsafeBytes {
      StrayRecord.row($0, at: "in/streams.csv, line 3", "the listen time is\nno time")
    }
    let failure = #expect(throws: DecodingFailure.self) {
      _ = try stray.withUnsafeBytes { try EventDecoder().decodeUnpadded($0, as: .listen) }
    }
    #expect(failure?.code == .brokenRow)
    #expect(failure?.reason == "in/streams.csv, line 3: the listen time is no time")
    #expect(try stray.withUnsafeBytes { Array(try #require(StrayRecord.document(in: $0))) } == row)
  }

  /// Although it has all the fields of an event.
  @Test func aStrayRecordIsNoEventAndIsGivenBackAsItCame() throws {
    let record = Array(
      #"{"ts":1767225600000,"sessionId":1,"itemInSession":2,"page":"Home","type":"other\n"}"#.utf8)
    let stray = record.withUnsafeBytes { kinds.stray($0) }
    let decoder = EventDecoder()
    for topic in Topic.allCases {
      let failure = #expect(throws: DecodingFailure.self) {
        _ = try stray.withUnsafeBytes { try decoder.decodeUnpadded($0, as: topic) }
      }
      #expect(failure?.code == .unknownKind)
      #expect(failure?.reason == #"field type: expected a kind of event, found "other\\n""#)
    }
    let given = try stray.withUnsafeBytes { Array(try #require(StrayRecord.document(in: $0))) }
    #expect(given == record)
    #expect(record.withUnsafeBytes { StrayRecord.document(in: $0) } == nil)
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    let nothing = kinds.stray(empty).withUnsafeBytes { StrayRecord.document(in: $0)?.count }
    #expect(nothing == 0)
  }
}
