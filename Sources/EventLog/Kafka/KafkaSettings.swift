import CRdKafka

/// What the properties of a Kafka log say: those that librdkafka takes, and our own, which all begin with
/// `topic.`.
struct KafkaSettings: Sendable {
  /// Where those begin who have read nothing yet.
  enum Start: Equatable {
    case earliest, latest
    /// The first record of this time or later; milliseconds since 1970.
    case time(Int64)
  }

  /// Copies of each partition in topics that are made; -1: the brokers' default.
  private(set) var replication: Int32 = -1
  /// For how long made topics of events keep a record, in milliseconds, -1 for ever; nil: the brokers' default.
  private(set) var retentionMilliseconds: Int64?
  /// nil: with the first record that ever was, even if retention has dropped it.
  private(set) var start: Start?
  /// Before the name of each topic that has no name of its own below.
  private(set) var prefix = ""
  /// What Kafka calls a topic.
  private(set) var names: [String: String] = [:]
  /// The one topic of Kafka that has the records of several of ours; nil: each has one of its own.
  private(set) var mixed: String?
  /// How the records of `mixed` are told apart; nil where there is no such topic.
  private(set) var kinds: RecordKinds?
  /// What is left for librdkafka.
  private(set) var client: [String: String] = [:]

  static let replicationProperty = "topic.replication.factor"
  static let retentionProperty = "topic.retention.ms"
  static let startProperty = "topic.start"
  static let prefixProperty = "topic.prefix"
  static let mixedProperty = "topic.mixed"
  /// Of whoever opens the log: what it tells kinds by.
  static let fieldProperty = "topic.mixed.field"
  /// The topic's name in this program follows.
  static let nameProperty = "topic.name."

  /// - Throws: `.badURL` for a value of our own properties that cannot be.
  init(_ properties: [String: String], kinds: RecordKinds? = nil) throws(EventLogError) {
    for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
      switch name {
      case Self.replicationProperty:
        guard let number = Int32(value), (1...100).contains(number) else {
          throw EventLogError(.badURL, "\(name)=\(value) is not a number from 1 to 100")
        }
        replication = number
      case Self.retentionProperty:
        guard let number = Int64(value), number >= -1 else {
          throw EventLogError(
            .badURL, "\(name)=\(value) is not a number of milliseconds, or -1 for ever")
        }
        retentionMilliseconds = number
      case Self.startProperty:
        if value == "earliest" {
          start = .earliest
        } else if value == "latest" {
          start = .latest
        } else if let time = Int64(value), time >= 0 {
          start = .time(time)
        } else {
          throw EventLogError(
            .badURL, "\(name)=\(value) is not earliest, latest or a time in milliseconds since 1970"
          )
        }
      case Self.prefixProperty:
        try Topics.check(value, partitions: 1)
        prefix = value
      case Self.mixedProperty:
        try Topics.check(value, partitions: 1)
        mixed = value
        self.kinds = kinds
      case Self.fieldProperty: break
      case let name where name.hasPrefix(Self.nameProperty):
        try Topics.check(value, partitions: 1)
        names[String(name.dropFirst(Self.nameProperty.count))] = value
      // The URL of the log names the brokers.
      case "bootstrap.servers", "metadata.broker.list": break
      default: client[name] = value
      }
    }
    for (topic, name) in names {
      if let other = names.first(where: { $0.key > topic && $0.value == name })?.key {
        throw EventLogError(
          .badURL, "\(topic) and \(other) are both \(name) in Kafka; give each a topic of its own")
      }
    }
  }

  /// What Kafka calls the topic.
  func name(of topic: String) -> String {
    if let mixed, let kinds, kinds.topics.contains(topic) { return mixed }
    return names[topic] ?? prefix + topic
  }

  /// What the header of a record says that a source gave to the topic. Of kinds that lie together it names the topic
  /// too, as what a source gives need not say of which kind it is.
  func header(of source: String, topic: String) -> String {
    kinds?.topics.contains(topic) == true ? "\(source) \(topic)" : source
  }

  /// The partition under its topic's name in Kafka.
  func inKafka(_ partition: TopicPartition) -> TopicPartition {
    TopicPartition(name(of: partition.topic), partition.partition)
  }

  /// The settings of a topic of events that is made. Whatever time a producer gives its records, retention counts
  /// from when Kafka got them.
  var eventTopic: [String: String] {
    var settings = ["message.timestamp.type": "LogAppendTime"]
    if let retentionMilliseconds { settings["retention.ms"] = "\(retentionMilliseconds)" }
    return settings
  }

  /// The settings of a topic that is made in which the latest record of a key counts.
  static let compactedTopic = ["cleanup.policy": "compact"]

  /// What librdkafka or this program has against a property; nil where nothing.
  static func problem(of name: String, _ value: String) -> String? {
    let settings: KafkaSettings
    do throws(EventLogError) { settings = try KafkaSettings([name: value]) } catch {
      return error.message
    }
    guard !settings.client.isEmpty else { return nil }
    guard let configuration = rd_kafka_conf_new() else { return nil }
    defer { rd_kafka_conf_destroy(configuration) }
    var text = [CChar](repeating: 0, count: 512)
    let outcome = rd_kafka_conf_set(configuration, name, value, &text, text.count)
    return outcome == RD_KAFKA_CONF_OK ? nil : KafkaClient.string(text)
  }
}
