import EventLog
import Foundation
import Warehouse

let statusCommand = CommandSpec(
  name: "status",
  summary: "Says how far each layer is.",
  flags: [
    LocationFlags.data, LocationFlags.database, LocationFlags.log, LocationFlags.lake,
    Flag("--json", nil, "print one JSON object"),
  ] + KafkaFlags.all
) { arguments in
  let locations = try Locations(arguments)
  defer { locations.close() }
  let connection = try Connection(
    url: locations.existingDatabaseURL(), applicationName: "polyrhythm status")
  let watch = try StopWatch(connection)
  defer { watch.end() }
  let rows = try explainingDatabaseErrors(connection, locations.library) {
    try connection.run(locations.library.sql("status"))
  }
  var fields = rows.columns.indices.map { (rows.columns[$0], rows.textOrNull(0, $0)) }
  var unreachable: EventLogError?
  if arguments.has("--log") || arguments.has("--lake") || !arguments.has("--database") {
    let log = try locations.log()
    do {
      let lag = try LogLag(log, connection, locations.library)
      fields.append(("log_records", "\(lag.records)"))
      fields.append(("speed_lag_records", "\(lag.behind)"))
      if let watch = log.topicWatch { fields.append(("recreated_topics", watch)) }
      if let problem = lag.problem { fields.append(("log_problem", problem)) }
    } catch let error as EventLogError {
      // status also answers where the log is not there or cannot be reached, with what the database knows. A
      // directory that is not there yet is no problem, brokers that do not answer are one.
      let isKafka = log.url.hasPrefix("kafka:")
      if error.code != .unavailable || isKafka { fields.append(("log_problem", error.message)) }
      if error.code == .unavailable, isKafka { unreachable = error }
    }
  }
  if arguments.has("--json") {
    var object: [String: Any] = [:]
    for (name, value) in fields { object[name] = value.map { Int($0) as Any? ?? $0 } ?? NSNull() }
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes])
    print(String(decoding: data, as: UTF8.self))
  } else {
    let width = fields.map(\.0.count).max() ?? 0
    for (name, value) in fields {
      print("\(name)\(String(repeating: " ", count: width - name.count + 2))\(value ?? "-")")
    }
  }
  if let unreachable { throw unreachable }
}
