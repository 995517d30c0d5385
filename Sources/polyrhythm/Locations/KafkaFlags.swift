import EventLog
import EventModel
import Feed
import Foundation
import Support

/// Flags that say how a log in Kafka is spoken to, what its topics are called and where reading begins.
enum KafkaFlags {
  static let config = Flag(
    "--kafka-config", "FILE", "properties of the log, a key=value a line",
    environment: "POLYRHYTHM_KAFKA_CONFIG")
  static let property = Flag(
    "--kafka-property", "K=V", "a property of the log, of librdkafka's or ours; may be repeated",
    environment: "POLYRHYTHM_KAFKA_PROPERTIES")
  static let prefix = Flag(
    "--topic-prefix", "P", "before the names of all topics in Kafka",
    environment: "POLYRHYTHM_TOPIC_PREFIX")
  static let topics = Flag(
    "--topics", "T=NAME,…", "what Kafka calls topics, as listen_events=plays",
    environment: "POLYRHYTHM_TOPICS")
  static let mixed = Flag(
    "--mixed-topic", "NAME", "the one topic of Kafka that has all kinds of events",
    environment: "POLYRHYTHM_MIXED_TOPIC")
  static let typeField = Flag(
    "--type-field", "F",
    "what says in the mixed topic which kind an event is of (default \(EventKinds.defaultField))",
    environment: "POLYRHYTHM_TYPE_FIELD")
  static let start = Flag(
    "--start", "T",
    "where new readers of Kafka begin: earliest, latest, or a time (default: at offset 0)",
    environment: "POLYRHYTHM_START")

  /// Of all commands that open the log.
  static let all = [property, config, prefix, topics, mixed, typeField]
  /// Of commands that may read it for the first time.
  static let reading = all + [start]

  /// The properties that `EventLogs.open` gets: of the file, of `--kafka-property`, of the other flags, the later ones
  /// before the earlier ones. A directory log has those of `--kafka-property` alone.
  /// - Throws: `UsageError` and `CommandError` naming the flag, or the file and the line.
  static func properties(_ arguments: Arguments, logURL: String) throws -> [String: String] {
    var given: [String: String] = [:]
    for text in arguments.strings(property.name) {
      for pair in pairs(text) {
        guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else {
          throw UsageError("--kafka-property: \"\(pair)\" is not of the form key=value")
        }
        given[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
      }
    }
    guard logURL.hasPrefix("kafka:") else {
      let flags = [config, prefix, topics, mixed, typeField, start]
      for flag in flags where arguments.isGiven(flag.name) {
        throw UsageError("\(flag.name) has no effect on \(logURL); it is for --log kafka:HOST:PORT")
      }
      return given
    }
    var result = try arguments.string(config.name).map(PropertiesFile.read) ?? [:]
    result.merge(given) { $1 }
    if let value = arguments.string(prefix.name) { result["topic.prefix"] = value }
    try addNames(arguments, to: &result)
    if let value = arguments.string(mixed.name) { result[mixedProperty] = value }
    if let value = arguments.string(typeField.name) { result[fieldProperty] = value }
    if result[fieldProperty] != nil, result[mixedProperty] == nil {
      throw UsageError("\(typeField.name) says something of \(mixed.name) NAME; say that too")
    }
    if let value = arguments.string(start.name) {
      let isWord = ["earliest", "latest"].contains(value)
      let now = Int64(Date().timeIntervalSince1970 * 1000)
      result["topic.start"] =
        isWord ? value : try arguments.time(start.name, now: now).map { "\($0)" }
    }
    return result
  }

  private static let mixedProperty = "topic.mixed"
  private static let fieldProperty = "topic.mixed.field"
  private static let nameProperty = "topic.name."

  /// How the events of the mixed topic are told apart: by the field, which has the names of `--topics` where those
  /// are given; nil where there is no such topic.
  /// - Throws: `UsageError` for a field or a name that JSON would not have as it is.
  static func kinds(_ properties: [String: String]) throws -> RecordKinds? {
    guard properties[mixedProperty] != nil else { return nil }
    let field = properties[fieldProperty] ?? EventKinds.defaultField
    var names: [Topic: String] = [:]
    for topic in Topic.allCases { names[topic] = properties[nameProperty + topic.name] }
    for text in [field] + names.values where !EventKinds.isValid(text) {
      throw UsageError(
        "\(typeField.name): \"\(text)\" has quotes, backslashes or control characters")
    }
    return EventKinds(field: field, names: names).recordKinds
  }

  /// The topics that `--topics` can rename.
  static let allTopics = Topic.allCases.map(\.name) + CatalogueTopic.allCases.map(\.name)

  private static func addNames(_ arguments: Arguments, to result: inout [String: String]) throws {
    let known = allTopics
    let list = known.joined(separator: ", ")
    for pair in arguments.string(topics.name)?.split(separator: ",") ?? [] {
      let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[1].isEmpty else {
        throw UsageError("--topics: \"\(pair)\" is not of the form TOPIC=NAME")
      }
      guard known.contains(String(parts[0])) else {
        throw UsageError("--topics: there is no topic \(parts[0]); there are \(list)")
      }
      result[nameProperty + parts[0]] = String(parts[1])
    }
    for name in result.keys.sorted() where name.hasPrefix(nameProperty) {
      let topic = name.dropFirst(nameProperty.count)
      guard known.contains(String(topic)) else {
        throw UsageError("property \(name): there is no topic \(topic); there are \(list)")
      }
    }
  }

  /// librdkafka's properties whose names have no dot.
  private static let undotted = ["acks=", "debug=", "partitioner=", "retries="]

  /// Divides at the commas behind which another property begins; other commas belong to a value.
  static func pairs(_ text: String) -> [String] {
    var pairs: [String] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let begins =
        part.prefixMatch(of: /[a-z][a-z0-9]*(?:\.[A-Za-z0-9_-]+)+=/) != nil
        || undotted.contains { part.hasPrefix($0) }
      if begins || pairs.isEmpty {
        pairs.append(String(part))
      } else {
        pairs[pairs.count - 1] += ",\(part)"
      }
    }
    return pairs
  }
}
