import EventModel
import Testing

@Suite struct ClassicEventTests {
  let decoder = EventDecoder()

  private func withClassic<T>(
    _ members: Members, _ body: (Event) throws -> T
  ) throws -> T {
    let line = Array(json(members).utf8).withUnsafeBytes { decoder.padded($0) }
    return try body(try decoder.decodeClassic(line))
  }

  private func detect(_ text: String) throws(DecodingFailure) -> DetectedFormat {
    try decoder.detect(Array(text.utf8).withUnsafeBytes { decoder.padded($0) })
  }

  private static let everyoneHas: [String: FieldValue] = [
    "ts": .integer(1_538_352_117_000), "sessionId": .integer(29), "itemInSession": .integer(50),
    "userId": .integer(30), "level": .text("paid"), "city": .text("Bakersfield"),
    "state": .text("CA"), "country": .text("US"), "userAgent": .text("Mozilla/5.0"),
    "lastName": .text("Freeman"), "firstName": .text("Colin"), "gender": .text("M"),
    "registration": .integer(1_538_173_362_000),
  ]
  private static let song: [String: FieldValue] = [
    "artist": .text("Martha Tilston"), "song": .text("Rockpools"), "duration": .number(277.89016),
    "auth": .text("Logged In"),
  ]

  @Test func aSongIsAListenAndAPageView() throws {
    try withClassic(Sample.classic) { event in
      let parts = ClassicEvent.split(event)
      let listen = try #require(parts.listen)
      #expect(listen.topic == .listen)
      #expect(contents(of: listen) == Self.everyoneHas.merging(Self.song) { $1 })
      #expect(parts.auth == nil)
      #expect(parts.pageView.topic == .pageView)
      #expect(
        contents(of: parts.pageView)
          == Self.everyoneHas.merging(Self.song) { $1 }.merging([
            "page": .text("NextSong"), "method": .text("PUT"), "status": .integer(200),
          ]) { $1 })
    }
  }

  @Test(arguments: [("200", true), ("307", true), ("399", true), ("400", false), ("404", false)])
  func aLoginIsAnAuthEventWhoseStatusTellsItsSuccess(_ status: String, _ success: Bool) throws {
    let members = setting(
      "status", to: status, in: setting("page", to: #""Login""#, in: Sample.classic))
    try withClassic(members) { event in
      let parts = ClassicEvent.split(event)
      let auth = try #require(parts.auth)
      #expect(auth.topic == .auth)
      #expect(
        contents(of: auth) == Self.everyoneHas.merging(["success": .boolean(success)]) { $1 })
      #expect(parts.listen == nil)
      #expect(contents(of: parts.pageView)["page"] == .text("Login"))
      #expect(contents(of: parts.pageView)["success"] == nil)
    }
  }

  @Test(arguments: ["Home", "Logout", "Thumbs Up", "NextSongs", "nextsong", "Login "])
  func everyOtherPageIsAPageViewOnly(_ page: String) throws {
    try withClassic(setting("page", to: "\"\(page)\"", in: Sample.classic)) { event in
      let parts = ClassicEvent.split(event)
      #expect(parts.listen == nil)
      #expect(parts.auth == nil)
      #expect(parts.pageView.page.string == page)
    }
  }

  @Test(arguments: [
    ("Bakersfield, CA", "Bakersfield", "CA"),
    ("San Francisco-Oakland-Hayward, CA", "San Francisco-Oakland-Hayward", "CA"),
    ("New York-Newark-Jersey City, NY-NJ-PA", "New York-Newark-Jersey City", "NY"),
    ("Winston-Salem,NC", "Winston-Salem", "NC"), ("A, B, TX", "A, B", "TX"),
    ("Nowhere", "Nowhere", nil), (", CA", nil, "CA"), ("Reno,", "Reno", nil), (" , ", nil, nil),
    ("São João,  PR ", "São João", "PR"),
  ])
  func aLocationIsCityAndState(_ location: String, _ city: String?, _ state: String?) throws {
    try withClassic(setting("location", to: "\"\(location)\"", in: Sample.classic)) { event in
      #expect(contents(of: event)["city"] == city.map { .text($0) })
      #expect(contents(of: event)["state"] == state.map { .text($0) })
    }
  }

  @Test func cityStateAndCountryOfTheLineItselfComeFirst() throws {
    let members =
      Sample.classic + [("city", #""Graz""#), ("state", #""ST""#), ("country", #""AT""#)]
    try withClassic(members) { event in
      #expect(event.city.string == "Graz")
      #expect(event.state.string == "ST")
      #expect(event.country.string == "AT")
    }
  }

  @Test func aGuestsLineHasNoUser() throws {
    let absent = ["userId", "firstName", "lastName", "gender", "registration", "location"]
    var members = Sample.classic
    for key in absent { members = setting(key, to: key == "userId" ? #""""# : "null", in: members) }
    try withClassic(members) { event in
      #expect(event.userId == nil)
      #expect(event.registration == nil)
      #expect(event.city.isEmpty)
    }
  }

  @Test func aClassicLineWithoutAPageIsNone() throws {
    let failure = #expect(throws: DecodingFailure.self) {
      try withClassic(removing("page", from: Sample.classic)) { _ in }
    }
    #expect(failure?.field == "page")
  }

  @Test func theFormatOfALineFollowsFromItsFields() throws {
    #expect(try detect(json(Sample.classic)) == .classic)
    #expect(try detect(json(removing("location", from: Sample.classic))) == .classic)
    #expect(try detect(json(removing("length", from: Sample.classic))) == .classic)
    for topic in Topic.allCases {
      #expect(try detect(json(Sample.of(topic))) == .topic(topic))
    }
    #expect(try detect(#"{"page":"Home"}"#) == .topic(.pageView))
    #expect(try detect(#"{"success":false,"artist":"A"}"#) == .topic(.auth))
    #expect(try detect(#"{"page":"Login","success":false}"#) == .topic(.pageView))
    #expect(try detect(#"{"page":null,"success":true,"length":null}"#) == .topic(.auth))
    #expect(try detect(#"{"song":"A"}"#) == .topic(.listen))
  }

  @Test func aLineOfNoFormatIsRefused() {
    for (text, code) in [
      ("{}", DecodingFailure.Code.missingField), (#"{"ts":1538352117000}"#, .missingField),
      ("[]", .notAnObject), ("", .malformedJSON), ("ts,page", .malformedJSON),
    ] {
      let failure = #expect(throws: DecodingFailure.self) { try detect(text) }
      #expect(failure?.code == code)
      #expect(failure?.field == "")
    }
  }
}
