/// The three streams that the service emits, each a topic of the log.
public enum Topic: UInt8, CaseIterable, Sendable {
  /// A song was put on; somebody tried to log in; a page was requested.
  case listen, auth, pageView

  /// The topic's name in the log, as eventsim and its forks call it.
  public var name: String {
    switch self {
    case .listen: "listen_events"
    case .auth: "auth_events"
    case .pageView: "page_view_events"
    }
  }

  /// The topic with this name in the log, such as `listen_events`; nil where none has it.
  public init?(name: some StringProtocol) {
    guard let topic = Topic.allCases.first(where: { $0.name == name }) else { return nil }
    self = topic
  }
}

/// Bytes that somebody else owns. An event's text fields are slices over the memory of a decoder or a
/// simulation, so that reading an event costs no copy; how long a slice is valid, its owner says.
public struct ByteSlice {
  /// The first byte; may be nil where `count` is 0.
  public var start: UnsafePointer<UInt8>?
  /// The number of bytes, from 0.
  public var count: Int

  /// No bytes; as a field of an event: absent.
  public static var empty: ByteSlice { ByteSlice(start: nil, count: 0) }

  /// - Parameter start: `count` bytes from here on must be readable for as long as the slice is used.
  public init(start: UnsafePointer<UInt8>?, count: Int) {
    self.start = start
    self.count = count
  }

  /// True where there are no bytes; as a field of an event: absent.
  public var isEmpty: Bool { count == 0 }
  /// The same bytes as a collection, valid for as long as the slice.
  public var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }
  /// A copy of the bytes as text; a decoded event has no invalid UTF-8.
  public var string: String { String(decoding: buffer, as: UTF8.self) }
}

/// One event of one of the three topics, with the fields of docs/events.md. Text is borrowed;
/// an empty slice and `nil` both mean that the field was absent, null or `""`.
public struct Event {
  /// The stream that the event belongs to; it says which of the fields below can be there.
  public var topic: Topic
  /// Event time, milliseconds since 1970-01-01 UTC.
  public var ts: Int64 = 0
  /// Tells the sessions of a site apart; any integer.
  public var sessionId: Int64 = 0
  /// Position within the session, from 0.
  public var itemInSession: Int64 = 0
  /// Nil for guests and logged-out users.
  public var userId: Int64? = nil
  /// `free` or `paid`.
  public var level = ByteSlice.empty
  /// The browser or app as its `User-Agent` header names it.
  public var userAgent = ByteSlice.empty
  /// The city that the user is in.
  public var city = ByteSlice.empty
  /// The state or province of the city; in the United States two letters, such as `CA`.
  public var state = ByteSlice.empty
  /// The postal code; text, as it may have letters and leading zeros.
  public var zip = ByteSlice.empty
  /// ISO 3166-1 alpha-2; absent means `US`.
  public var country = ByteSlice.empty
  /// Longitude in degrees, -180 to 180; nil where unknown.
  public var lon: Double? = nil
  /// Latitude in degrees, -90 to 90; nil where unknown.
  public var lat: Double? = nil
  /// The user's given name; absent for guests and logged-out users.
  public var firstName = ByteSlice.empty
  /// The user's family name; absent for guests and logged-out users.
  public var lastName = ByteSlice.empty
  /// `F` or `M` as eventsim writes it; any word is taken.
  public var gender = ByteSlice.empty
  /// When the user registered, milliseconds since 1970-01-01 UTC; nil for guests and logged-out users.
  public var registration: Int64? = nil
  /// `Guest`, `Logged In`, `Logged Out` or `Cancelled`.
  public var auth = ByteSlice.empty
  /// The artist of the song that is on; absent where no song is.
  public var artist = ByteSlice.empty
  /// The title of the song that is on; absent where no song is.
  public var song = ByteSlice.empty
  /// Length of the song in seconds, above 0; nil where unknown or where no song is on.
  public var duration: Double? = nil
  /// Auth events: true if the login succeeded. Nil in the other topics.
  public var success: Bool? = nil
  /// Page views: the name of the page that was requested, such as `NextSong`.
  public var page = ByteSlice.empty
  /// Page views: the HTTP method, such as `PUT`.
  public var method = ByteSlice.empty
  /// Page views: the HTTP status, 0 to 999; nil where the line has none.
  public var status: Int32? = nil
  /// The test group that the event belongs to; absent outside of A/B tests.
  public var tag = ByteSlice.empty
  /// The song of the catalogue that is on, by its id there; absent where the service does not say.
  public var trackId = ByteSlice.empty

  /// An event of this topic at time 0 whose other fields are absent.
  public init(topic: Topic) { self.topic = topic }
}
