import Metrics

/// One question to the warehouse, checked, with every default filled in. Which tables answer it is for `QueryPlan` to
/// decide.
struct Query: Sendable {
  enum Format: String, CaseIterable, Sendable { case json, csv }

  /// Rows where the dimension is any of the values; "" stands for unknown.
  struct Filter: Equatable, Sendable {
    var dimension: Dimension
    var values: [String]
  }

  /// A column that rows are ordered by.
  struct Order: Equatable, Sendable {
    var name: String
    var isDescending: Bool
  }

  /// What rows have at least, or are left out.
  struct Minimum: Sendable {
    var measure: Measure
    /// A number, as PostgreSQL reads it.
    var least: String
  }

  var metrics: [Measure]
  var by: [Dimension]
  var filters: [Filter]
  var granularity: Granularity
  /// Inclusive, at a minute, or at a second where these are asked for.
  var from: Instant
  /// Exclusive, likewise.
  var to: Instant
  /// IANA name; where days, weeks and so on begin.
  var timeZone: String
  var limit: Int
  /// Whether all rows are answered, however many, in pieces as they come; `limit` is then beyond all of them.
  var isWhole = false
  /// Rows that come before those that are answered.
  var offset = 0
  var format: Format
  var having: [Minimum] = []
  /// None for the usual order.
  var order: [Order] = []
  /// Members that a series is of, those with the most of the first metric over all of the range; the others are summed. nil for all
  /// members.
  var top: Int?
  /// Whether distinct counts are exact, which facts alone can tell.
  var isExact = false
  /// The earlier period that is answered for too.
  var comparison: Comparison?
  /// When the question was asked: what begins later has not happened. nil where the range is known to have passed.
  var askedAt: Instant?

  /// Rows.
  static let defaultLimit = 1000
  static let maximumLimit = 100_000
  /// More rows than there are, and far from overflowing.
  private static let unlimited = Int.max / 4
  static let maximumOffset = 10_000_000
  static let maximumDimensions = 2
  static let maximumTop = 100
  /// Values over all filters; their number bounds the length of the statement.
  static let maximumFilterValues = 100
  /// Days that a question to the facts may span, as it reads each event of them: about a microsecond each.
  static let maximumFactDays: Int64 = 31
  /// Milliseconds.
  static let defaultRange: Int64 = 3_600_000
}

extension Query {
  /// Checks the parameters of a request.
  ///
  /// - Parameter now: what relative times count from.
  /// - Throws: `RequestError` for the first parameter that is not acceptable.
  init(_ parameters: [(name: String, value: String)], now: Instant) throws(RequestError) {
    let read = try ParameterReader(parameters)
    metrics = try read.metrics()
    by = try read.dimensions()
    filters = try read.filters()
    timeZone = try read.timeZone()
    (from, to) = try read.range(now: now, timeZone: timeZone)
    granularity = try read.granularity(by: by, from: from, to: to)
    isWhole = read.wantsAll
    limit = isWhole ? Self.unlimited : try read.integer(.limit) ?? Self.defaultLimit
    offset = try read.integer(.offset) ?? 0
    askedAt = now
    format = try read.choice(.format, of: Format.self) ?? .json
    having = try read.having()
    order = try read.order(metrics: metrics, by: by, granularity: granularity)
    top = try read.integer(.top)
    comparison = try read.choice(.compare, of: Comparison.self)
    isExact = try read.flag(.exact)
    // Without members there is nothing to choose from.
    if by.isEmpty { top = nil }
    if top != nil, !having.isEmpty {
      throw .parameter(.top, found: "it with having", accepted: "it without having")
    }
    if isWhole, comparison != nil {
      throw .parameter(
        .limit, found: "all with compare",
        accepted: "all without compare, or 1 to \(Self.maximumLimit)")
    }
  }

  /// The metrics whose columns are read.
  var measuresRead: [Measure] {
    metrics + having.map(\.measure).filter { one in !metrics.contains { $0.name == one.name } }
  }
}
