import Warehouse

/// What stands out: the marts (docs/marts.md) that the page shows.
extension Router {
  /// Songs and artists that `/api/v1/trending` answers with, at most.
  static let trendingShown = 100
  /// Rows that `/api/v1/anomalies` answers with, at most.
  static let anomaliesShown = 1000
  /// What the view goes back.
  private static let anomaliesRange: Int64 = 14 * 24 * 60 * Instant.minute

  func trending(_ request: Request) throws -> RequestStep {
    let question = Route.trending.path
    return try kept(question, request, .heavy) { router in
      let answer = try router.database.answer(router.queries.trending, ["\(Self.trendingShown)"])
      var json = JSONWriter()
      json.object { json in
        json.member("from", answer.rows.first?[0])
        json.member("to", answer.rows.first?[1])
        json.list("trending") { json in
          for row in answer.rows where row[2] != nil {
            json.row(answer.columns.dropFirst(2), row.dropFirst(2))
          }
        }
      }
      return Self.answer(json)
    }
  }

  func anomalies(_ request: Request) throws -> RequestStep {
    let read = try ParameterReader(request.query, of: Route.anomalies.parameters)
    let (from, to) = try read.range(
      now: clock(), timeZone: try read.timeZone(), length: Self.anomaliesRange)
    let question = "\(Route.anomalies.path)\n\(from.milliseconds)\n\(to.milliseconds)"
    // Ten weeks of the hours of all places are read, whatever the range.
    return try kept(question, request, .heavy) { router in
      let answer = try router.database.answer(
        router.queries.anomalies,
        ["\(from.milliseconds)", "\(to.milliseconds)", "\(Self.anomaliesShown + 1)"])
      var json = JSONWriter()
      json.object { json in
        json.member("from", from.iso8601)
        json.member("to", to.iso8601)
        json.member("truncated", answer.rows.count > Self.anomaliesShown)
        json.list("anomalies") { json in
          for row in answer.rows.prefix(Self.anomaliesShown) { json.row(answer.columns, row) }
        }
      }
      return Self.answer(json)
    }
  }

  func newcomers(_ request: Request) throws -> RequestStep {
    let range = try Newcomers.Range(
      ParameterReader(request.query, of: Route.newcomers.parameters), now: clock())
    let question = """
      \(Route.newcomers.path)
      \(range.from.milliseconds)
      \(range.to.milliseconds)
      \(range.timeZone)
      \(range.granularity.rawValue)
      """
    // All of the past is read, whatever the range.
    return try kept(question, request, .heavy) { router in
      let answers: [StatementAnswer]
      do throws(WarehouseError) {
        answers = try router.database.answers(router.queries.newcomers.statements(range))
      } catch {
        // invalid_parameter_value: all else has been checked, so it is the name of the zone.
        if error.sqlState == "22023" { throw RequestError.unknownTimeZone(range.timeZone) }
        throw error
      }
      let state = answers.dropFirst().first?.rows.first
      var json = JSONWriter()
      json.object { json in
        json.member("from", range.from.iso8601)
        json.member("to", range.to.iso8601)
        json.member("tz", range.timeZone)
        json.member("granularity", range.granularity.rawValue)
        json.member("as_of", state?[0])
        json.member("final_before", state?[1])
        json.list("rows") { json in
          guard let answer = answers.last else { return }
          for row in answer.rows { json.row(answer.columns, row) }
        }
      }
      return Self.answer(json)
    }
  }

  private static func answer(_ json: JSONWriter) -> Response {
    var response = Response.json(json.text)
    response.headers.append(("Cache-Control", "private, no-cache"))
    return response
  }
}

extension JSONWriter {
  /// A row of a statement's answer, as an object.
  mutating func row(
    _ columns: some Sequence<StatementAnswer.Column>, _ texts: some Sequence<String?>
  ) {
    object { json in
      for (column, text) in zip(columns, texts) {
        if column.isJSON {
          json.member(column.name, raw: text ?? "null")
        } else {
          json.member(column.name, text)
        }
      }
    }
  }
}
