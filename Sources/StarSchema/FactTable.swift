import EventModel

/// A table of facts: one for each topic, with a row for each counted event.
public enum FactTable: String, CaseIterable, Sendable {
  /// A play.
  case listen = "fact_listen"
  /// A login, whether it succeeded or not.
  case auth = "fact_auth"
  /// A request, those for songs included.
  case pageView = "fact_page_view"

  /// The table of a topic's events.
  public init(_ topic: Topic) {
    switch topic {
    case .listen: self = .listen
    case .auth: self = .auth
    case .pageView: self = .pageView
    }
  }

  /// Without its schema.
  public var name: String { rawValue }

  /// With its schema.
  public var qualifiedName: String { "warehouse.\(name)" }

  /// Keys of the conformed dimensions, and the grain.
  private static let shared = [
    "ts", "date_key", "time_key", "user_key", "location_key", "device_key", "session_id",
    "item_in_session",
  ]

  /// The columns in the order in which `FactRows` writes them: all but the day, which is that of the table.
  public var columnsOfDay: [String] { columns.filter { $0 != "date_key" } }

  /// The columns that a fact has of its own. Beside them a row says its build and its load.
  public var columns: [String] {
    switch self {
    case .listen:
      Self.shared + ["song_key", "auth", "level", "duration_ms", "listened_ms", "outcome"]
    case .auth: Self.shared + ["success", "level"]
    case .pageView:
      Self.shared + [
        "song_key", "page", "method", "status", "auth", "level", "engagement", "credited_song_key",
      ]
    }
  }
}
