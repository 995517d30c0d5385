/// The texts of `warehouse-sql/queries/serving/*.sql`, under the names of the files.
struct ServingQueries: Sendable {
  var state: String
  var latestMinute: String
  var loads: String
  var uncounted: String
  var brokenRules: String
  var committed: String
  var lag: String
  var firstDay: String
  var firstMinute: String
  var trending: String
  var anomalies: String
  var newcomers: Newcomers
  var partitions: String
  var work: String
  var runningLoad: String
}

/// One row of `state.sql`.
struct WarehouseState: Equatable, Sendable {
  var asOf: String?
  var epoch: Int
  var loadedEpoch: Int
  /// Seconds since the speed layer last committed; nil where it never did.
  var speedAge: Double?
  /// Seconds since 1970; nil before the first load.
  var publishedAt: Double?
  /// A text that changes whenever either layer has written.
  var version: String

  /// nil where the row is not one of `state.sql`.
  /// - Parameter row: its columns, in the order of the file.
  init?(_ row: [String?]) {
    guard row.count == 6, let epoch = row[1].flatMap({ Int($0) }),
      let loadedEpoch = row[2].flatMap({ Int($0) }), let version = row[5]
    else { return nil }
    asOf = row[0]
    self.epoch = epoch
    self.loadedEpoch = loadedEpoch
    speedAge = row[3].flatMap { Double($0) }
    publishedAt = row[4].flatMap { Double($0) }
    self.version = version
  }
}
