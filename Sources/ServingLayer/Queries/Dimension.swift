import Metrics

/// What a query can break its answer down by, or filter on. A dimension is a key column of a rollup, or an attribute of
/// the dimension table that the rollup's key points at. An unknown value is null in every dimension.
enum Dimension: String, CaseIterable, Sendable {
  case artist, song, genre, album
  case user
  case country, state, city, region
  case deviceType = "device_type"
  case os, browser
  case gender, level
  case ageBand = "age_band"
  case userCountry = "user_country"
  case page, method, status, auth
  case layer

  /// One sentence for the catalogue.
  var meaning: String {
    switch self {
    case .artist: "Artist of the song."
    case .song: "Title of the song; comes with its artist, since titles repeat."
    case .genre: "Genre, where the catalogue knows the song."
    case .album:
      "Album, where the catalogue knows the song; comes with the artist, since names repeat."
    case .user: "User id, over all the states that the user has been in."
    case .country: "Country, ISO 3166-1 alpha-2."
    case .state: "State or province; comes with its country."
    case .city: "City; comes with its state and country."
    case .region: "Region of the country."
    case .deviceType: "Kind of device."
    case .os: "Operating system."
    case .browser: "Browser or player."
    case .gender: "Gender as the event shows it."
    case .ageBand:
      "Age in bands of ten years, where the catalogue knows the user: under 20, 20-29, to 70+."
    case .userCountry: "Where the user is at home, where the catalogue knows the user."
    case .level: "Plan as the event shows it: free or paid."
    case .page: "Page requested."
    case .method: "HTTP method of the page view."
    case .status: "HTTP status of the page view."
    case .auth: "State of the login at the page view."
    case .layer: "The layer that a count comes from: batch (loaded) or speed (not loaded yet)."
    }
  }

  /// The texts that a value can be, besides nothing for unknown; nil where that is any.
  var fixedValues: [String]? {
    switch self {
    case .level: ["free", "paid"]
    case .ageBand: Self.ageBands
    case .layer: ["batch", "speed"]
    default: nil
    }
  }

  private static let ageBands =
    ["under 20"] + (2...6).map { "\($0)0-\($0)9" } + ["70+"]

  /// A value of a filter as the database writes it; nil where the dimension has no such value.
  func acceptedValue(_ text: String) -> String? {
    if text.isEmpty { return text }
    if let fixedValues { return fixedValues.contains(text) ? text : nil }
    switch self {
    case .user, .status: return Int64(text).map { "\($0)" }
    default: return text
    }
  }

  /// What `acceptedValue` takes, for people.
  var valuesAccepted: String {
    switch self {
    case .user, .status: "a whole number"
    default: fixedValues?.joined(separator: ", ") ?? "any text"
    }
  }

  /// A column of the answer that a dimension brings.
  struct Column: Equatable, Sendable {
    var name: String
    var expression: String
    var isInteger = false

    /// An attribute of a dimension table, under its own name.
    static func of(_ dimension: Dimension, in table: String) -> Column {
      Column(name: dimension.rawValue, expression: "\(table).\(dimension.rawValue)")
    }
  }

  /// What to select and group by in a rollup, the dimension's own column first; nil where the rollup does not know the
  /// dimension. The expressions fit into `QuerySQL`'s statement, where `counted` has the rows of the rollup, or the facts, and
  /// dimension tables are joined to it under their names.
  func columns(in rollup: Rollup) -> [Column]? {
    func own(_ expression: String, isInteger: Bool = false) -> [Column] {
      [Column(name: rawValue, expression: expression, isInteger: isInteger)]
    }
    func attribute(_ name: String, isInteger: Bool = false) -> [Column]? {
      rollup.dimensionTable.map { own("\($0.table).\(name)", isInteger: isInteger) }
    }
    func more(_ others: Dimension...) -> [Column] {
      rollup.dimensionTable.map { table in others.map { Column.of($0, in: table.table) } } ?? []
    }
    switch (self, rollup) {
    case (.layer, _): return own("(case when counted.is_loaded then 'batch' else 'speed' end)")
    case (.artist, .song), (.genre, .song): return attribute(rawValue)
    case (.album, .song): return attribute(rawValue).map { $0 + more(.artist) }
    case (.ageBand, .user):
      return own(
        "(case when dim_user.age < 20 then 'under 20' when dim_user.age >= 70 then '70+'"
          + " when dim_user.age is not null then dim_user.age / 10 || '0-' || dim_user.age / 10 || '9' end)"
      )
    case (.userCountry, .user): return attribute("country")
    case (.song, .song): return attribute("title").map { $0 + more(.artist) }
    case (.user, .user): return attribute("user_id", isInteger: true)
    case (.gender, .user), (.level, .user): return attribute(rawValue)
    case (.country, .location), (.region, .location): return attribute(rawValue)
    case (.state, .location): return attribute(rawValue).map { $0 + more(.country) }
    case (.city, .location): return attribute(rawValue).map { $0 + more(.state, .country) }
    case (.deviceType, .device), (.os, .device), (.browser, .device): return attribute(rawValue)
    case (.gender, .audience), (.level, .audience):
      return own("nullif(counted.\(rawValue), 'unknown')")
    case (.page, .page), (.method, .page), (.auth, .page), (.level, .page):
      return own("nullif(counted.\(rawValue), '')")
    case (.status, .page): return own("nullif(counted.status, 0)", isInteger: true)
    default: return nil
    }
  }

  /// The dimensions that a rollup knows.
  static func all(in rollup: Rollup) -> [Dimension] {
    allCases.filter { $0.columns(in: rollup) != nil }
  }
}

extension Rollup {
  /// The table in `warehouse` that this rollup's key points at.
  var dimensionTable: (table: String, key: String)? {
    switch self {
    case .song: ("dim_song", "song_key")
    case .user: ("dim_user", "user_key")
    case .location: ("dim_location", "location_key")
    case .device: ("dim_device", "device_key")
    case .totals, .audience, .page: nil
    }
  }

  /// The column of `layers.event` that is null in the facts which this rollup does not count; nil where it counts
  /// all of them.
  var factColumn: String? {
    switch self {
    case .song: "song_key"
    case .page: "page"
    case .totals, .user, .location, .device, .audience: nil
    }
  }

  /// From the rollup with the fewest rows a minute to the one with the most: `QueryPlan` takes the first that can
  /// answer.
  static let cheapestFirst: [Rollup] = [
    .totals, .audience, .page, .device, .location, .song, .user,
  ]

  /// True where every column that the measure's rule reads is kept here.
  func keeps(_ measure: Measure) -> Bool {
    switch measure.rule {
    case .sum(let counter): counters.contains(counter)
    case .cardinality(let distinct): distincts.contains(distinct)
    case .ratio(let counter, let over):
      counters.contains(counter) && over.allSatisfy(counters.contains)
    }
  }
}

/// The width of a time bucket.
enum Granularity: String, CaseIterable, Sendable {
  /// Only facts know seconds.
  case second
  case minute, hour, day, week, month, quarter, year
  /// One row for the whole range.
  case none

  /// What one bucket adds to its start, as a PostgreSQL interval.
  var interval: String? {
    switch self {
    case .none: nil
    case .quarter: "3 months"
    default: "1 \(rawValue)"
    }
  }
}
