import EventModel

/// Where facts of one kind are: all rows of a table, or some of them.
public struct FactPlace: Hashable, Sendable {
  /// A table, partition or view, with its schema.
  public var table: String
  /// The column that says whether a row is such a fact; `true` where each is.
  public var which: String

  /// All rows of a table of the facts.
  public init(_ table: String) { (self.table, which) = (table, "true") }

  /// The plays, in a table of plays, that stand for their page views.
  public static func pageViews(inPlays table: String) -> FactPlace {
    var place = FactPlace(table)
    place.which = "has_page_view"
    return place
  }
}

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

  /// The view, with its schema, of the rows that a fact has of its own; nil where it is `qualifiedName`.
  public var ownRows: String? {
    switch self {
    case .listen: "layers.play"
    case .pageView: "layers.own_page_view"
    case .auth: nil
    }
  }

  /// The columns in the order in which `FactRows` writes them: all but the day, which is that of the table.
  public var columnsOfDay: [String] { storedColumns.filter { $0 != "date_key" } }

  /// The columns of the tables that have the rows: a play says whether it stands for its page view too.
  public var storedColumns: [String] { self == .listen ? columns + ["has_page_view"] : columns }

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
