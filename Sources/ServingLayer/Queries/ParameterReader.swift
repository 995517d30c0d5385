import Metrics

/// Reads and checks one parameter at a time.
struct ParameterReader {
  private let values: [String: [String]]

  /// Takes the parameters of a route, and the token that `AccessControl` has read already.
  init(
    _ parameters: [(name: String, value: String)],
    of accepted: [QueryParameter] = QueryParameter.allCases
  ) throws(RequestError) {
    var values: [String: [String]] = [:]
    for (name, value) in parameters {
      let parameter = QueryParameter(rawValue: name).flatMap { accepted.contains($0) ? $0 : nil }
      guard parameter != nil || name == AccessControl.parameter else {
        throw .unknownParameter(name, accepted: accepted.map(\.name))
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

  /// The values of a filter: what stands between commas, where `\,` is a comma of a value and `\\` a backslash.
  private static func alternatives(_ text: Substring) -> [String] {
    var values = [""]
    var isEscaped = false
    for character in text {
      if isEscaped {
        if character != ",", character != "\\" { values[values.count - 1].append("\\") }
        values[values.count - 1].append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "," {
        values.append("")
      } else {
        values[values.count - 1].append(character)
      }
    }
    if isEscaped { values[values.count - 1].append("\\") }
    return values
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
    var filters: [Query.Filter] = []
    for text in values[QueryParameter.filter.name] ?? [] where !text.isEmpty {
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let dimension = Dimension(rawValue: String(parts[0])) else {
        throw .parameter(
          .filter, found: text,
          accepted:
            "dimension:value,value (repeat for more; an empty value is unknown), of \(names)")
      }
      var accepted: [String] = []
      for value in Self.alternatives(parts[1]) {
        guard let known = dimension.acceptedValue(value) else {
          throw .parameter(
            .filter, found: "\(dimension.rawValue):\(value)",
            accepted: "\(dimension.valuesAccepted), or nothing for unknown")
        }
        accepted.append(known)
      }
      if let index = filters.firstIndex(where: { $0.dimension == dimension }) {
        filters[index].values += accepted
      } else {
        filters.append(Query.Filter(dimension: dimension, values: accepted))
      }
    }
    let count = filters.reduce(0) { $0 + $1.values.count }
    guard count <= Query.maximumFilterValues else {
      throw .parameter(
        .filter, found: "\(count) values", accepted: "at most \(Query.maximumFilterValues)")
    }
    return filters
  }

  /// - Parameter length: milliseconds before `to` at which the range begins where `from` is not given.
  func range(
    now: Instant, timeZone: String, length: Int64 = Query.defaultRange
  ) throws(RequestError) -> (from: Instant, to: Instant) {
    let to = try instant(.to, now: now, timeZone) ?? now
    let from =
      try instant(.from, now: now, timeZone)
      ?? Instant(milliseconds: to.milliseconds - length)
    guard from < to else {
      throw .parameter(
        .from, found: from.iso8601, accepted: "a time before to, which is \(to.iso8601)")
    }
    let width = first(.granularity) == Granularity.second.rawValue ? 1000 : Instant.minute
    return (from.floored(to: width), to.ceiled(to: width))
  }

  private func instant(
    _ parameter: QueryParameter, now: Instant, _ timeZone: String
  ) throws(RequestError) -> Instant? {
    guard let text = first(parameter) else { return nil }
    guard var instant = Instant.parse(text, now: now) else {
      throw .parameter(parameter, found: text, accepted: Instant.accepted)
    }
    // By the clock that the text is of: the first midnight of 2000 is none of 1999 anywhere.
    guard (Instant.earliest...Instant.latest).contains(instant) else {
      throw .parameter(parameter, found: text, accepted: "a time from the years 2000 to 2099")
    }
    if timeZone != "UTC", Instant.isLocal(text) {
      guard let clock = LocalClock(timeZone) else { throw .unknownTimeZone(timeZone) }
      instant = clock.instant(showing: instant)
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

  /// nil where the parameter is not given.
  func integer(_ parameter: QueryParameter) throws(RequestError) -> Int? {
    guard let text = first(parameter) else { return nil }
    let (range, more) =
      switch parameter.form {
      case .integer(let range, _): (range, "")
      case .integerOrAll(let range, _): (range, ", or all")
      default: preconditionFailure("\(parameter.name) is no number")
      }
    guard let value = Int(text), range.contains(value) else {
      throw .parameter(
        parameter, found: text, accepted: "\(range.lowerBound) to \(range.upperBound)\(more)")
    }
    return value
  }

  /// Whether all rows are asked for.
  var wantsAll: Bool { first(.limit) == "all" }

  func flag(_ parameter: QueryParameter) throws(RequestError) -> Bool {
    switch first(parameter) {
    case nil, "false"?: return false
    case "true"?: return true
    case let text?: throw .parameter(parameter, found: text, accepted: "true, false")
    }
  }

  func having() throws(RequestError) -> [Query.Minimum] {
    var minima: [Query.Minimum] = []
    for text in list(.having) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let measure = Measure.named(String(parts[0])),
        let least = Double(parts[1]), least.isFinite
      else {
        throw .parameter(
          .having, found: text,
          accepted: "metric:least value, with commas, such as listens:100, of "
            + Measure.all.map(\.name).joined(separator: ", "))
      }
      minima.append(Query.Minimum(measure: measure, least: "\(least)"))
    }
    guard minima.count <= Measure.all.count else {
      throw .parameter(
        .having, found: "\(minima.count) values", accepted: "at most \(Measure.all.count)")
    }
    return minima
  }

  func order(
    metrics: [Measure], by: [Dimension], granularity: Granularity
  ) throws(RequestError) -> [Query.Order] {
    let dimensions = (granularity == .none ? [] : ["time"]) + by.map(\.rawValue)
    var order: [Query.Order] = []
    for text in list(.order) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      let isMetric = metrics.contains { $0.name == parts[0] }
      let direction = parts.count == 1 ? (isMetric ? "desc" : "asc") : parts[1]
      guard parts.count <= 2, isMetric || dimensions.contains(parts[0]),
        direction == "asc" || direction == "desc",
        !order.contains(where: { $0.name == parts[0] })
      else {
        throw .parameter(
          .order, found: text,
          accepted: "column, column:asc or column:desc, with commas, each once, of "
            + (metrics.map(\.name) + dimensions).joined(separator: ", "))
      }
      order.append(Query.Order(name: parts[0], isDescending: direction == "desc"))
    }
    return order
  }
}

extension RequestError {
  static func parameter(
    _ parameter: QueryParameter, found: String, accepted: String
  ) -> RequestError {
    .parameter(parameter.name, found: found, accepted: accepted)
  }

  static func unknownParameter(_ name: String, accepted: [String]) -> RequestError {
    .parameter(
      "parameter name", found: name,
      accepted: accepted.isEmpty ? "none" : accepted.joined(separator: ", "))
  }

  static func unknownTimeZone(_ name: String) -> RequestError {
    .parameter(.timeZone, found: name, accepted: "an IANA name such as UTC or Europe/Berlin")
  }
}
