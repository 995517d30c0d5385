import Warehouse

/// What those who watch the server ask for.
extension Router {
  /// Whether the database answers, is migrated, and the speed layer is not too far behind.
  func readiness() throws -> Response {
    let results = try database.rows([
      Statement(sql: queries.state, parameters: []), Statement(sql: queries.lag, parameters: []),
    ])
    guard let state = results.first?.first.flatMap({ WarehouseState($0) }) else {
      throw WarehouseError(.schema, "batch.published is empty")
    }
    let lag = results.dropFirst().first?.first?[0].flatMap { Double($0) }
    if readyLag > 0, let lag, lag > readyLag {
      throw RequestError(
        "lagging",
        "speed layer: found \(Int(lag)) s behind the log, accepted: at most \(Int(readyLag)) s",
        status: 503)
    }
    var json = JSONWriter()
    json.object { json in
      json.member("status", "ready")
      json.member("as_of", state.asOf)
      json.member("epoch", state.epoch)
      json.member("loaded_epoch", state.loadedEpoch)
      json.member("speed_age_seconds", raw: state.speedAge.map { "\($0)" } ?? "null")
      json.member("lag_seconds", raw: lag.map { "\($0)" } ?? "null")
    }
    return .json(json.text)
  }

  /// What Prometheus is told.
  func prometheus() -> Response {
    var figures = LayerFigures(
      state: (try? database.rows(queries.state))?.first.flatMap { WarehouseState($0) })
    let statements = [
      queries.lag, queries.uncounted, queries.brokenRules, queries.work, queries.partitions,
    ].map { Statement(sql: $0, parameters: []) }
    if figures.state != nil, let rows = try? database.rows(statements), rows.count == 5 {
      figures.lag = rows[0].first ?? []
      figures.uncounted = rows[1].first ?? []
      figures.brokenRules = rows[2].first ?? []
      figures.work = rows[3].first ?? []
      figures.partitions = rows[4]
    }
    var text = Exposition()
    statistics.write(to: &text)
    text.gauge("polyrhythm_live_subscribers", "Open live streams.", "\(hub.subscribers)")
    figures.write(to: &text)
    DatabaseUsage.write(
      pools.compactMap { purpose, pool in pool.usage.map { (purpose, $0) } }, to: &text)
    ProcessFigures.write(to: &text)
    return Response(Exposition.contentType, text.text)
  }
}
