import CEventDecoder

/// eventsim's classic format: a single stream in which every line is a page view. Fields of the page view
/// tell which song was on, and how a login ended.
public enum ClassicEvent {
  /// The events of the three topics that a classic page view stands for: `NextSong` is a listen
  /// too, `Login` an auth event, which succeeded unless its status is 400 or more.
  ///
  /// All parts borrow the same text and keep the identity (user, session, item, time) of the line.
  public static func split(_ pageView: Event) -> (listen: Event?, auth: Event?, pageView: Event) {
    if pageView.page.equals("NextSong") {
      var listen = pageView
      listen.topic = .listen
      clearRequest(&listen)
      return (listen, nil, pageView)
    }
    if pageView.page.equals("Login") {
      var auth = pageView
      auth.topic = .auth
      auth.success = (pageView.status ?? 200) < 400
      clearRequest(&auth)
      auth.auth = .empty
      auth.artist = .empty
      auth.song = .empty
      auth.duration = nil
      return (nil, auth, pageView)
    }
    return (nil, nil, pageView)
  }

  private static func clearRequest(_ event: inout Event) {
    event.page = .empty
    event.method = .empty
    event.status = nil
  }

  /// `San Francisco-Oakland-Hayward, CA` as city and state. A metropolitan area that spans states
  /// (`New York-Newark-Jersey City, NY-NJ-PA`) counts to the first, which its main city is in.
  static func split(location: ByteSlice) -> (city: ByteSlice, state: ByteSlice) {
    let bytes = location.buffer
    guard let comma = bytes.lastIndex(of: UInt8(ascii: ",")) else {
      return (trimmed(bytes[...]), .empty)
    }
    let states = bytes[(comma + 1)...]
    return (
      trimmed(bytes[..<comma]), trimmed(states.prefix { $0 != UInt8(ascii: "-") })
    )
  }

  private static func trimmed(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> ByteSlice {
    var bytes = bytes.drop { $0 == UInt8(ascii: " ") }
    while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
    let rebased = UnsafeBufferPointer(rebasing: bytes)
    return ByteSlice(start: rebased.baseAddress, count: rebased.count)
  }

  /// Static memory, so that it outlives every event.
  fileprivate static var unitedStates: ByteSlice {
    let name: StaticString = "US"
    return ByteSlice(start: name.utf8Start, count: name.utf8CodeUnitCount)
  }
}

/// The format of a line of eventsim's output, as the fields of the line tell it.
public enum DetectedFormat: Equatable, Sendable {
  /// A page view of the classic single stream.
  case classic
  /// An event of one of the three topics.
  case topic(Topic)
}

extension EventDecoder {
  /// Decodes a line of the classic format to a page view with its place filled in: city and state come from
  /// `location` where the line has neither, and the country is `US` unless the line says otherwise.
  /// `ClassicEvent.split` gives the events that the page view stands for.
  ///
  /// Padding, lifetime and failures are those of `decode`.
  /// - Throws: `DecodingFailure`, naming the field that is wrong or missing.
  public func decodeClassic(_ line: UnsafeRawBufferPointer) throws(DecodingFailure) -> Event {
    try parse(line)
    return try parsedClassic()
  }

  private func parsedClassic() throws(DecodingFailure) -> Event {
    var event = try parsedEvent(as: .pageView)
    event.success = nil
    if event.city.isEmpty, event.state.isEmpty {
      (event.city, event.state) = ClassicEvent.split(location: ByteSlice(fields.pointee.location))
    }
    if event.country.isEmpty { event.country = ClassicEvent.unitedStates }
    return event
  }

  /// Tells the format of a line and decodes it: a classic line to its page view, as `decodeClassic` does,
  /// any other to the event of its topic.
  /// - Parameter format: gets the format of the line, also where the line then cannot be decoded.
  /// - Throws: `DecodingFailure`, as `detect` and `decode` throw it.
  public func decodeAny(_ line: UnsafeRawBufferPointer, format: inout DetectedFormat)
    throws(DecodingFailure) -> Event
  {
    format = try detect(line)
    return switch format {
    case .classic: try parsedClassic()
    case .topic(let topic): try parsedEvent(as: topic)
    }
  }

  /// Tells the format of a line by its fields: a classic line has `page` beside `location` or `length`; a
  /// page view has `page`, an auth event `success` without `page`, a listen event a song without either.
  /// A page view without any field of place (classic files have such lines for signed-out visitors) counts
  /// as classic only if its page is NextSong or Login, since no other page is split. If such a line comes
  /// from a site with three topics after all, nothing is counted twice: the event that is split off has the
  /// same identity as the site's own event in that topic, and the two count once.
  ///
  /// A field counts as there if it has a value other than null and `""`. Padding is that of
  /// `decode`; text of an earlier event is no longer valid.
  /// - Throws: `DecodingFailure` for a line that is no JSON object, or has none of these fields.
  public func detect(_ line: UnsafeRawBufferPointer) throws(DecodingFailure) -> DetectedFormat {
    try parse(line)
    let there = fields.pointee.present | fields.pointee.wrong
    func has(_ any: event_field...) -> Bool { any.contains { there & $0.bit != 0 } }
    if has(EVENT_PAGE) {
      if has(EVENT_LOCATION, EVENT_LENGTH) { return .classic }
      if has(
        EVENT_CITY, EVENT_STATE, EVENT_ZIP, EVENT_COUNTRY, EVENT_LON, EVENT_LAT, EVENT_DURATION,
        EVENT_SUCCESS)
      {
        return .topic(.pageView)
      }
      let page = ByteSlice(fields.pointee.page)
      return page.equals("NextSong") || page.equals("Login") ? .classic : .topic(.pageView)
    }
    if has(EVENT_SUCCESS) { return .topic(.auth) }
    if has(EVENT_ARTIST, EVENT_SONG, EVENT_DURATION) { return .topic(.listen) }
    throw DecodingFailure(
      code: .missingField, field: "", expected: "an event with page, success or a song",
      found: "none of these fields")
  }
}

extension ByteSlice {
  /// True if the bytes are those of the literal.
  fileprivate func equals(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { $0.elementsEqual(buffer) }
  }
}
