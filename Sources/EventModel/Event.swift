/// The three streams that the service emits, each a topic of the log.
public enum Topic: UInt8, CaseIterable, Sendable {
  case listen, auth, pageView

  /// The topic's name in the log, as eventsim and its forks call it.
  public var name: String {
    switch self {
    case .listen: "listen_events"
    case .auth: "auth_events"
    case .pageView: "page_view_events"
    }
  }

  public init?(name: some StringProtocol) {
    guard let topic = Topic.allCases.first(where: { $0.name == name }) else { return nil }
    self = topic
  }
}

/// Bytes that somebody else owns. An event's text fields are slices over the decoder's or the
/// generator's memory, so that reading one costs no copy; their owner says how long they live.
public struct ByteSlice {
  public var start: UnsafePointer<UInt8>?
  public var count: Int

  public static var empty: ByteSlice { ByteSlice(start: nil, count: 0) }

  public init(start: UnsafePointer<UInt8>?, count: Int) {
    self.start = start
    self.count = count
  }

  public var isEmpty: Bool { count == 0 }
  public var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }
  /// A copy as text; invalid UTF-8 cannot occur in a decoded event.
  public var string: String { String(decoding: buffer, as: UTF8.self) }
}

/// One event of one of the three topics, as DESIGN section 3 lists the fields. Text is borrowed;
/// an empty slice and `nil` both mean that the field was absent, null or `""`.
public struct Event {
  public var topic: Topic
  /// Event time, milliseconds since 1970-01-01 UTC.
  public var ts: Int64 = 0
  public var sessionId: Int64 = 0
  /// Position within the session, from 0.
  public var itemInSession: Int64 = 0
  /// None for guests and logged-out users.
  public var userId: Int64? = nil
  /// `free` or `paid`.
  public var level = ByteSlice.empty
  public var userAgent = ByteSlice.empty
  public var city = ByteSlice.empty
  public var state = ByteSlice.empty
  public var zip = ByteSlice.empty
  /// ISO 3166-1 alpha-2; absent means `US`.
  public var country = ByteSlice.empty
  public var lon: Double? = nil
  public var lat: Double? = nil
  public var firstName = ByteSlice.empty
  public var lastName = ByteSlice.empty
  public var gender = ByteSlice.empty
  /// When the user registered, milliseconds since 1970-01-01 UTC.
  public var registration: Int64? = nil
  /// `Guest`, `Logged In`, `Logged Out` or `Cancelled`.
  public var auth = ByteSlice.empty
  public var artist = ByteSlice.empty
  public var song = ByteSlice.empty
  /// Length of the song in seconds.
  public var duration: Double? = nil
  /// Auth events: did the login succeed.
  public var success: Bool? = nil
  /// Page views: what was requested.
  public var page = ByteSlice.empty
  public var method = ByteSlice.empty
  public var status: Int32? = nil
  /// Test group.
  public var tag = ByteSlice.empty

  public init(topic: Topic) { self.topic = topic }
}
