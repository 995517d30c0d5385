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
  var format: Format
  /// Whether the range of the same length that ends where this one begins is answered for too.
  var comparesPrevious: Bool

  /// Rows.
  static let defaultLimit = 1000
  static let maximumLimit = 100_000
  static let maximumDimensions = 2
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
    (from, to) = try read.range(now: now)
    granularity = try read.granularity(by: by, from: from, to: to)
    timeZone = try read.timeZone()
    limit = try read.limit()
    format = try read.choice(.format, of: Format.self) ?? .json
    comparesPrevious = try read.comparesPrevious()
    if comparesPrevious, !by.isEmpty || granularity != .none || format == .csv {
      throw RequestError(
        "bad_parameter",
        "compare: found \"previous\" with by, a granularity or format=csv, "
          + "accepted: with granularity=none, without by, as JSON")
    }
  }

  /// The same question about the range just before.
  var previous: Query {
    var query = self
    query.from = Instant(milliseconds: from.milliseconds * 2 - to.milliseconds)
    query.to = from
    query.comparesPrevious = false
    return query
  }
}

/// Reads and checks one parameter at a time.
private struct ParameterReader {
  private let values: [String: [String]]

  /// Takes the parameters of `QueryParameter`, and the token that `AccessControl` has read already.
  init(_ parameters: [(name: String, value: String)]) throws(RequestError) {
    var values: [String: [String]] = [:]
    for (name, value) in parameters {
      let parameter = QueryParameter(rawValue: name)
      guard parameter != nil || name == AccessControl.parameter else {
        throw .parameter(
          "parameter name", found: name,
          accepted: QueryParameter.allCases.map(\.name).joined(separator: ", "))
      }
      if value.unicodeScalars.contains("\0") {
        throw .parameter(name, found: "a NUL character", accepted: "text without one")
      }
      values[name, default: []].append(value)
      if values[name, default: []].count > 1, parameter != .filter {
        throw .parameter(
          name, found: "it more than once", accepted: "one \(name), several values with commas")
      }
    }
    self.values = values
  }

  private func first(_ parameter: QueryParameter) -> String? {
    values[parameter.name]?.first.flatMap { $0.isEmpty ? nil : $0 }
  }

  private func list(_ parameter: QueryParameter) -> [String] {
    first(parameter)?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
  }

  func choice<T: RawRepresentable & CaseIterable>(
    _ parameter: QueryParameter, of type: T.Type
  ) throws(RequestError) -> T? where T.RawValue == String {
    guard let text = first(parameter) else { return nil }
    guard let value = T(rawValue: text) else {
      let names = T.allCases.map(\.rawValue).joined(separator: ", ")
      throw .parameter(parameter, found: text, accepted: names)
    }
    return value
  }

  func metrics() throws(RequestError) -> [Measure] {
    let accepted = Measure.all.map(\.name).joined(separator: ", ")
    var metrics: [Measure] = []
    for name in list(.metrics) {
      guard let measure = Measure.named(name), !metrics.contains(where: { $0.name == name }) else {
        throw .parameter(.metrics, found: name, accepted: "each once of \(accepted)")
      }
      metrics.append(measure)
    }
    guard !metrics.isEmpty else {
      throw .parameter(.metrics, found: "", accepted: "one or more of \(accepted)")
    }
    return metrics
  }

  func dimensions() throws(RequestError) -> [Dimension] {
    let accepted =
      "at most \(Query.maximumDimensions), each once, of "
      + Dimension.allCases.map(\.rawValue).joined(separator: ", ")
    var dimensions: [Dimension] = []
    for name in list(.by) {
      guard let dimension = Dimension(rawValue: name), !dimensions.contains(dimension) else {
        throw .parameter(.by, found: name, accepted: accepted)
      }
      dimensions.append(dimension)
    }
    guard dimensions.count <= Query.maximumDimensions else {
      throw .parameter(.by, found: first(.by) ?? "", accepted: accepted)
    }
    return dimensions
  }

  func filters() throws(RequestError) -> [Query.Filter] {
    let names = Dimension.allCases.map(\.rawValue).joined(separator: ", ")
    let texts = (values[QueryParameter.filter.name] ?? []).filter { !$0.isEmpty }
    guard texts.count <= Query.maximumFilterValues else {
      throw .parameter(
        .filter, found: "\(texts.count) values", accepted: "at most \(Query.maximumFilterValues)")
    }
    var filters: [Query.Filter] = []
    for text in texts {
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let dimension = Dimension(rawValue: String(parts[0])) else {
        throw .parameter(
          .filter, found: text,
          accepted: "dimension:value (repeat for more; an empty value is unknown), of \(names)")
      }
      if let index = filters.firstIndex(where: { $0.dimension == dimension }) {
        filters[index].values.append(String(parts[1]))
      } else {
        filters.append(Query.Filter(dimension: dimension, values: [String(parts[1])]))
      }
    }
    return filters
  }

  func range(now: Instant) throws(RequestError) -> (from: Instant, to: Instant) {
    let to = try instant(.to, now: now) ?? now
    let from =
      try instant(.from, now: now) ?? Instant(milliseconds: to.milliseconds - Query.defaultRange)
    guard from < to else {
      throw .parameter(
        .from, found: from.iso8601, accepted: "a time before to, which is \(to.iso8601)")
    }
    let width = first(.granularity) == Granularity.second.rawValue ? 1000 : Instant.minute
    return (from.floored(to: width), to.ceiled(to: width))
  }

  private func instant(_ parameter: QueryParameter, now: Instant) throws(RequestError) -> Instant? {
    guard let text = first(parameter) else { return nil }
    guard let instant = Instant.parse(text, now: now) else {
      throw .parameter(parameter, found: text, accepted: Instant.accepted)
    }
    guard (Instant.earliest...Instant.latest).contains(instant) else {
      throw .parameter(parameter, found: text, accepted: "a time from the years 2000 to 2099")
    }
    return instant
  }

  func granularity(
    by: [Dimension], from: Instant, to: Instant
  ) throws(RequestError) -> Granularity {
    if let chosen = try choice(.granularity, of: Granularity.self) { return chosen }
    guard by.isEmpty else { return .none }
    switch to.milliseconds - from.milliseconds {
    case ...(6 * 3_600_000): return .minute
    case ...(14 * 86_400_000): return .hour
    default: return .day
    }
  }

  /// Checks only the shape of the name, because the database knows which names exist. PostgreSQL also takes POSIX rules
  /// such as `FOO+3`, whose sign means the opposite of what it seems to say, so signs are accepted in names that
  /// begin with `Etc/` only.
  func timeZone() throws(RequestError) -> String {
    guard let name = first(.timeZone), name != "UTC" else { return "UTC" }
    let signed = name.hasPrefix("Etc/")
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let shape = parts.allSatisfy { part in
      !part.isEmpty
        && part.utf8.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
          case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"): signed
          default: false
          }
        }
    }
    guard shape, (2...3).contains(parts.count), name.utf8.count <= 64 else {
      throw .unknownTimeZone(name)
    }
    return name
  }

  func limit() throws(RequestError) -> Int {
    guard let text = first(.limit) else { return Query.defaultLimit }
    guard let limit = Int(text), (1...Query.maximumLimit).contains(limit) else {
      throw .parameter(.limit, found: text, accepted: "1 to \(Query.maximumLimit)")
    }
    return limit
  }

  func comparesPrevious() throws(RequestError) -> Bool {
    guard let text = first(.compare) else { return false }
    guard text == "previous" else { throw .parameter(.compare, found: text, accepted: "previous") }
    return true
  }
}

extension RequestError {
  static func parameter(
    _ parameter: QueryParameter, found: String, accepted: String
  ) -> RequestError {
    .parameter(parameter.name, found: found, accepted: accepted)
  }

  static func unknownTimeZone(_ name: String) -> RequestError {
    .parameter(.timeZone, found: name, accepted: "an IANA name such as UTC or Europe/Berlin")
  }
}
