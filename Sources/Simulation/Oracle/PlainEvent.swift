/// An event as the oracle reads it from a record.
struct PlainEvent {
  enum Stream: Int, CaseIterable {
    case listen, auth, pageView

    var topic: String {
      switch self {
      case .listen: "listen_events"
      case .auth: "auth_events"
      case .pageView: "page_view_events"
      }
    }
  }

  /// The fields by which an event is recognised when it comes again.
  struct Identity: Hashable {
    var stream: Stream
    var user: Int64?
    var session, item, ts: Int64
  }

  var identity: Identity
  /// The key of the event's row in each view, by `View.rawValue`, as an index into the recount's texts; nil
  /// where the view does not count such events.
  var keys: [Int32?]
  var songIsNamed: Bool
  /// Length of the song in milliseconds; nil where it is not known.
  var durationMs: Int64?
  /// The counts that the event adds to its rows whatever other events come, in the order of `View.counters`.
  var counts: SIMD16<Int64>
  /// The engagement that a page view is, as an index into `View.counters`; nil where it is none.
  var engagement: Int?

  var minute: Int64 { identity.ts / 60_000 }

  /// 2000-01-01 to 2099-12-31 UTC, milliseconds since 1970.
  private static let plausible: Range<Int64> = 946_684_800_000..<4_102_444_800_000

  /// Nil where the line is no event, and belongs in quarantine.
  init?(_ line: [UInt8], _ stream: Stream, key: (String) -> Int32) {
    guard let fields = PlainJSON.object(line), let ts = fields.integer("ts"),
      Self.plausible.contains(ts), let session = fields.integer("sessionId"),
      let item = fields.integer("itemInSession")
    else { return nil }
    let user = fields.integer("userId") ?? Int64(fields.text("userId"))
    identity = Identity(stream: stream, user: user, session: session, item: item, ts: ts)
    durationMs = fields.number("duration").flatMap { $0 > 0 ? Int64(($0 * 1000).rounded()) : nil }

    let artist = fields.text("artist")
    let song = fields.text("song")
    songIsNamed = !artist.isEmpty || !song.isEmpty
    counts = SIMD16(repeating: 0)
    switch stream {
    case .listen: counts[View.index("listens")] = 1
    case .auth:
      counts[View.index(fields["success"] == .bool(true) ? "logins" : "failed_logins")] = 1
    case .pageView:
      counts[View.index("page_views")] = 1
      if (fields.integer("status") ?? 0) >= 400 { counts[View.index("errors")] = 1 }
      engagement = Self.engagement[fields.text("page")].map(View.index)
      if let engagement { counts[engagement] = 1 }
    }

    func joined(_ parts: [String]) -> Int32 { key(parts.joined(separator: "\u{1F}")) }
    func orUnknown(_ text: String) -> String { text.isEmpty ? "unknown" : text }
    let place = ["state", "city", "zip"].map(fields.text)
    let country = fields.text("country")
    let isNowhere = country.isEmpty && place.allSatisfy(\.isEmpty)
    let level = fields.text("level")
    let person = [
      user.map(String.init) ?? "", fields.text("firstName"), fields.text("lastName"),
      fields.text("gender"), level, fields.integer("registration").map(String.init) ?? "",
    ]
    let isPageView = stream == .pageView
    let isAuth = stream == .auth
    let songKey =
      songIsNamed ? [artist, song, durationMs.map(String.init) ?? ""] : ["", "", ""]
    keys = []
    keys = View.allCases.map { view -> Int32? in
      switch view {
      case .totals: joined([])
      case .user: joined(user == nil ? person.map { _ in "" } : person)
      case .location:
        joined([isNowhere ? "" : country.isEmpty ? "US" : country] + place)
      case .device: joined([fields.text("userAgent")])
      case .audience:
        joined([user == nil ? "unknown" : orUnknown(fields.text("gender")), orUnknown(level)])
      case .song where isAuth: nil
      case .song: joined(songKey)
      case .page where isPageView:
        joined([
          fields.text("page"), fields.text("method"),
          "\(fields.integer("status") ?? 0)", fields.text("auth"), level,
        ])
      case .page: nil
      }
    }
  }

  private static let engagement = [
    "Thumbs Up": "thumbs_up", "Thumbs Down": "thumbs_down", "Add to Playlist": "playlist_adds",
    "Share": "shares", "Add Friend": "friends_added", "Roll Advert": "adverts",
  ]
}
