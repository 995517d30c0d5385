/// Opens logs by URL.
public enum EventLogs {
  /// - Parameters:
  ///   - url: `dir:PATH`, or `kafka:HOST:PORT` with more brokers after commas.
  ///   - properties: for Kafka any property of librdkafka and those of `KafkaLog`; for a directory those of
  ///     `DirectoryOptions`.
  ///   - kinds: for Kafka, how the records are told apart of the topic that the property `topic.mixed` names.
  /// - Throws: `.badURL`. Nothing is opened or reached yet.
  public static func open(
    _ url: String, properties: [String: String] = [:], kinds: RecordKinds? = nil
  ) throws(EventLogError) -> any EventLog {
    if url.hasPrefix("dir:") {
      var path = String(url.dropFirst("dir:".count))
      while path.count > 1, path.hasSuffix("/") { path.removeLast() }
      guard !path.isEmpty else {
        throw EventLogError(.badURL, "the log URL dir: has no path; write dir:PATH")
      }
      return DirectoryLog(path: path, options: try DirectoryOptions(properties))
    }
    if url.hasPrefix("kafka:") {
      return try KafkaLog(
        brokers: String(url.dropFirst("kafka:".count)), properties: properties, kinds: kinds)
    }
    throw EventLogError(
      .badURL, "the log URL '\(url)' is not understood; write dir:PATH or kafka:HOST:PORT")
  }

  /// What is wrong with a property of a Kafka log, one line; nil where nothing is.
  public static func kafkaProblem(of property: String, _ value: String) -> String? {
    KafkaSettings.problem(of: property, value)
  }
}
