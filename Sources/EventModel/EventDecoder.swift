import CEventDecoder

/// Decodes events from JSON, one object a line, as eventsim and its forks write them.
///
/// The whole document is validated (RFC 8259, UTF-8, nothing after it) and read in one pass, with no
/// allocation an event. Known fields are checked in every topic, unknown ones are ignored. Where a
/// key comes more than once, the last one holds. `null` and `""` mean that a field is absent.
///
/// A decoder is used by one thread at a time.
public final class EventDecoder {
  /// Bytes that must be readable after a line; the records of a `RecordBatch` have them.
  public static let padding = Int(EVENT_DECODER_PADDING)

  let handle: OpaquePointer
  let fields: UnsafePointer<event_fields>
  private var copy: UnsafeMutableRawBufferPointer

  /// A decoder with an empty buffer, which grows to the longest line.
  public init() {
    guard let handle = event_decoder_create() else {
      preconditionFailure("no memory for an event decoder")
    }
    self.handle = handle
    fields = event_decoder_fields(handle)
    copy = .allocate(byteCount: 4096, alignment: 64)
  }

  deinit {
    event_decoder_destroy(handle)
    copy.deallocate()
  }

  /// Decodes one event. The text of the event is valid until the next call of this decoder, and no longer than
  /// `line`, which it may be part of.
  ///
  /// - Parameter line: one JSON object; white space around it is allowed. At least
  ///   `EventDecoder.padding` bytes after it must be readable, with any content.
  /// - Throws: `DecodingFailure`, naming the field: `ts`, `sessionId` and `itemInSession` are
  ///   required of all, `page` of page views, `success` of auth events. Integers may come as a
  ///   float without a fraction; `userId`, `registration`, `status`, `lon`, `lat` and `duration`
  ///   also as a string, `success` as the string `true` or `false`, `zip` and `trackId` as a number. `length` is
  ///   another name for `duration`. A field that may be absent must be right where it is there.
  public func decode(_ line: UnsafeRawBufferPointer, as topic: Topic) throws(DecodingFailure)
    -> Event
  {
    try parse(line)
    return try parsedEvent(as: topic)
  }

  /// Makes an event of the document that was parsed last, once its fields are known to be right.
  func parsedEvent(as topic: Topic) throws(DecodingFailure) -> Event {
    let required = Self.required(of: topic)
    if fields.pointee.wrong != 0 || fields.pointee.present & required != required {
      throw wrongOrMissing(required)
    }
    try checkRanges()
    return event(topic)
  }

  /// Decodes one event as `decode` does, from bytes after which nothing is readable: the decoder copies
  /// them into memory of its own.
  /// - Throws: `DecodingFailure`, as `decode`.
  public func decodeUnpadded(_ line: UnsafeRawBufferPointer, as topic: Topic)
    throws(DecodingFailure) -> Event
  {
    try decode(padded(line), as: topic)
  }

  /// A copy of the bytes with the padding that the other calls want; valid until the next `padded`
  /// or `decodeUnpadded`.
  public func padded(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    if line.count + Self.padding > copy.count {
      copy.deallocate()
      copy = .allocate(byteCount: 2 * (line.count + Self.padding), alignment: 64)
    }
    copy.copyMemory(from: line)
    UnsafeMutableRawBufferPointer(rebasing: copy[line.count..<line.count + Self.padding])
      .initializeMemory(as: UInt8.self, repeating: 0)
    return UnsafeRawBufferPointer(rebasing: copy[..<line.count])
  }

  /// Reads the document into `fields`.
  func parse(_ line: UnsafeRawBufferPointer) throws(DecodingFailure) {
    // An empty buffer may have no address; the parser wants one that is readable.
    let start = line.baseAddress ?? UnsafeRawPointer(copy.baseAddress!)
    let bytes = start.assumingMemoryBound(to: UInt8.self)
    let outcome = event_decoder_parse(handle, bytes, line.count)
    if outcome != EVENT_DECODED { try parseFramed(line, outcome) }
  }

  /// Reads the document behind a Confluent frame, as serialisers with a schema registry write it: a byte 0 and the
  /// schema's id. No JSON begins with a 0, and so plain documents never come here. Says of a `StrayRecord` what it is.
  /// - Parameter outcome: what is wrong with the bytes as they are.
  @inline(never)
  private func parseFramed(_ line: UnsafeRawBufferPointer, _ outcome: event_outcome)
    throws(DecodingFailure)
  {
    guard let document = ConfluentFrame.document(in: line), let start = document.baseAddress else {
      throw StrayRecord.failure(of: line) ?? documentFailure(outcome)
    }
    let bytes = start.assumingMemoryBound(to: UInt8.self)
    let outcome = event_decoder_parse(handle, bytes, document.count)
    if outcome != EVENT_DECODED { throw documentFailure(outcome) }
  }

  private static func required(of topic: Topic) -> UInt32 {
    let always = EVENT_TS.bit | EVENT_SESSION_ID.bit | EVENT_ITEM_IN_SESSION.bit
    return switch topic {
    case .listen: always
    case .auth: always | EVENT_SUCCESS.bit
    case .pageView: always | EVENT_PAGE.bit
    }
  }

  /// Makes an event of the fields, which are known to be right.
  private func event(_ topic: Topic) -> Event {
    var event = Event(topic: topic)
    event.ts = fields.pointee.ts
    event.sessionId = fields.pointee.session_id
    event.itemInSession = fields.pointee.item_in_session
    if has(EVENT_USER_ID) { event.userId = fields.pointee.user_id }
    if has(EVENT_REGISTRATION) { event.registration = fields.pointee.registration }
    if has(EVENT_STATUS) { event.status = Int32(truncatingIfNeeded: fields.pointee.status) }
    // Adding 0 turns -0 into 0: the two are equal, but would be two coordinates in a table.
    if has(EVENT_LON) { event.lon = fields.pointee.lon + 0 }
    if has(EVENT_LAT) { event.lat = fields.pointee.lat + 0 }
    // No song lasts 0 seconds: some forks write 0 where they know no length.
    if has(EVENT_DURATION), fields.pointee.duration > 0 {
      event.duration = fields.pointee.duration
    } else if has(EVENT_LENGTH), fields.pointee.length > 0 {
      event.duration = fields.pointee.length
    }
    if has(EVENT_SUCCESS) { event.success = fields.pointee.success }
    event.level = ByteSlice(fields.pointee.level)
    event.userAgent = ByteSlice(fields.pointee.user_agent)
    event.city = ByteSlice(fields.pointee.city)
    event.state = ByteSlice(fields.pointee.state)
    event.zip = ByteSlice(fields.pointee.zip)
    event.country = ByteSlice(fields.pointee.country)
    event.firstName = ByteSlice(fields.pointee.first_name)
    event.lastName = ByteSlice(fields.pointee.last_name)
    event.gender = ByteSlice(fields.pointee.gender)
    event.auth = ByteSlice(fields.pointee.auth)
    event.artist = ByteSlice(fields.pointee.artist)
    event.song = ByteSlice(fields.pointee.song)
    event.page = ByteSlice(fields.pointee.page)
    event.method = ByteSlice(fields.pointee.method)
    event.tag = ByteSlice(fields.pointee.tag)
    event.trackId = ByteSlice(fields.pointee.track_id)
    return event
  }

  /// True if the last document has the field with a usable value.
  func has(_ field: event_field) -> Bool { fields.pointee.present & field.bit != 0 }
}

extension event_field {
  /// The field's bit in `event_fields.present` and `event_fields.wrong`.
  var bit: UInt32 { 1 << rawValue }
}

extension ByteSlice {
  init(_ text: event_text) { self.init(start: text.start, count: text.count) }
}
