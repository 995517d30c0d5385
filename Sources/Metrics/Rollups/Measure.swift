/// What is counted one by one; `Measure.all` says what each counter means. The raw value is the index
/// into `RollupCell.counts`. All counters are additive over events.
public enum Counter: Int, CaseIterable, Sendable {
  /// Of plays: how many began, milliseconds listened, and how they ended.
  case listens, listenedMs, completed, skipped, partial
  /// Page views that are credited to the song that was on, by page.
  case thumbsUp, thumbsDown, playlistAdds, shares, friendsAdded, adverts
  /// Page views of all kinds, and those whose status is an error.
  case pageViews, errors
  /// Logins that succeeded, and those that did not.
  case logins, failedLogins

  /// The column's name in every rollup table that keeps the counter.
  public var column: String {
    switch self {
    case .listens: "listens"
    case .listenedMs: "listened_ms"
    case .completed: "completed"
    case .skipped: "skipped"
    case .partial: "partial"
    case .thumbsUp: "thumbs_up"
    case .thumbsDown: "thumbs_down"
    case .playlistAdds: "playlist_adds"
    case .shares: "shares"
    case .friendsAdded: "friends_added"
    case .adverts: "adverts"
    case .pageViews: "page_views"
    case .errors: "errors"
    case .logins: "logins"
    case .failedLogins: "failed_logins"
    }
  }
}

/// What is counted distinct, as a HyperLogLog column of type `hll`. Additive by union.
public enum Distinct: Int, CaseIterable, Sendable {
  /// Users with a listen.
  case listeners
  /// Users with any event.
  case activeUsers
  /// Sessions with any event.
  case sessions
  /// Songs played.
  case songs

  /// The column's name in every rollup table that keeps the sketch.
  public var column: String {
    switch self {
    case .listeners: "listeners"
    case .activeUsers: "active_users"
    case .sessions: "sessions"
    case .songs: "songs"
    }
  }
}

/// Everything that the API serves by name: counters and distinct counts as they are, and the rates
/// over them. This list is the definition; SQL and HTTP are rendered from it.
public struct Measure: Sendable {
  /// How a value is made of the counters and sketches of any set of rollup rows.
  public enum Rule: Sendable {
    /// The sum of one counter.
    case sum(Counter)
    /// The estimated cardinality of one sketch's union.
    case cardinality(Distinct)
    /// Sum of one counter over the sum of others; no value where the denominator is 0.
    case ratio(Counter, over: [Counter])
  }

  /// What a value is measured in.
  public enum Unit: String, Sendable {
    /// A number of things.
    case count
    /// Milliseconds.
    case milliseconds
    /// 0 to 1.
    case fraction
  }

  /// What the API calls the measure.
  public var name: String
  /// How the value is made.
  public var rule: Rule
  /// What the value is measured in.
  public var unit: Unit
  /// One sentence for the catalogue and the page.
  public var meaning: String

  /// Plays that have ended: the denominator of the play rates.
  public static let endedPlays: [Counter] = [.completed, .skipped, .partial]

  /// Every measure, in the order in which the catalogue lists them.
  public static let all: [Measure] = [
    Measure("listens", .sum(.listens), .count, "Plays that started."),
    Measure("listened_ms", .sum(.listenedMs), .milliseconds, "Time listened to ended plays."),
    Measure("completed", .sum(.completed), .count, "Plays heard to at least 90 % of the song."),
    Measure(
      "skipped", .sum(.skipped), .count, "Plays left for the next song within 30 s."),
    Measure("partial", .sum(.partial), .count, "Ended plays neither completed nor skipped."),
    Measure("thumbs_up", .sum(.thumbsUp), .count, "Thumbs Up."),
    Measure("thumbs_down", .sum(.thumbsDown), .count, "Thumbs Down."),
    Measure("playlist_adds", .sum(.playlistAdds), .count, "Songs added to a playlist."),
    Measure("shares", .sum(.shares), .count, "Songs shared."),
    Measure("friends_added", .sum(.friendsAdded), .count, "Friends added."),
    Measure("adverts", .sum(.adverts), .count, "Adverts rolled."),
    Measure("page_views", .sum(.pageViews), .count, "Page views of every kind."),
    Measure("errors", .sum(.errors), .count, "Page views answered with a status of 400 or more."),
    Measure("logins", .sum(.logins), .count, "Logins that succeeded."),
    Measure("failed_logins", .sum(.failedLogins), .count, "Logins that failed."),
    Measure("listeners", .cardinality(.listeners), .count, "Distinct users with a listen."),
    Measure(
      "active_users", .cardinality(.activeUsers), .count, "Distinct users with any event."),
    Measure("sessions", .cardinality(.sessions), .count, "Distinct sessions with any event."),
    Measure("songs", .cardinality(.songs), .count, "Distinct songs played."),
    Measure(
      "skip_rate", .ratio(.skipped, over: endedPlays), .fraction, "Skipped over ended plays."),
    Measure(
      "completion_rate", .ratio(.completed, over: endedPlays), .fraction,
      "Completed over ended plays."),
    Measure(
      "avg_listen_time", .ratio(.listenedMs, over: endedPlays), .milliseconds,
      "Time listened over ended plays."),
    Measure(
      "like_rate", .ratio(.thumbsUp, over: [.listens]), .fraction, "Thumbs Up over listens."),
  ]

  /// The measure of that name; nil where there is none.
  public static func named(_ name: String) -> Measure? { all.first { $0.name == name } }

  init(_ name: String, _ rule: Rule, _ unit: Unit, _ meaning: String) {
    self.name = name
    self.rule = rule
    self.unit = unit
    self.meaning = meaning
  }
}
