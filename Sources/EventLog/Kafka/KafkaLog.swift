import CRdKafka
import Synchronization

/// A log in Apache Kafka, through librdkafka. All calls block the thread that makes them; a question
/// that the brokers do not answer within seconds ends in `.unavailable`.
public final class KafkaLog: EventLog {
  /// `kafka:` and the brokers as they were given.
  public let url: String
  private let brokers: String
  private let properties: [String: String]
  private let replication: Int32
  private let pool: Mutex<[PooledClient]>
  /// Asks questions, and reads nothing: on a connection on which a fetch waits for records, a question waits with it.
  private let asking = Mutex<KafkaClient?>(nil)
  private let groups: KafkaGroups

  /// A consumer client and the partitions that are being read through it. One client reads many
  /// partitions, each at most once.
  private struct PooledClient {
    var client: KafkaClient
    var reading: Set<TopicPartition>
  }

  /// Our own property: copies of each partition in topics that `createTopics` makes; the broker's
  /// default where it is not given.
  static let replicationProperty = "topic.replication.factor"

  private static let consumerProperties = [
    "enable.auto.commit": "false",
    "enable.auto.offset.store": "false",
    "auto.offset.reset": "error",
    // Says where a partition ends when its last offsets have no records (transactions).
    "enable.partition.eof": "true",
    "allow.auto.create.topics": "false",
    // A fetch that waits for records holds up partitions that join in: at most so long.
    "fetch.wait.max.ms": "100",
    // For each partition; librdkafka's 64 MiB would be much with many of them.
    "queued.max.messages.kbytes": "16384",
  ]

  /// - Parameters:
  ///   - brokers: `HOST:PORT`, more after commas.
  ///   - properties: any of librdkafka's, and `topic.replication.factor`.
  /// - Throws: `.badURL`. No broker is asked yet.
  public init(brokers: String, properties: [String: String] = [:]) throws(EventLogError) {
    url = "kafka:\(brokers)"
    for broker in brokers.split(separator: ",", omittingEmptySubsequences: false) {
      guard let colon = broker.lastIndex(of: ":"), colon > broker.startIndex,
        let port = UInt16(broker[broker.index(after: colon)...]), port > 0
      else {
        throw EventLogError(
          .badURL, "'\(broker)' in the log URL \(url) is not a broker; write kafka:HOST:PORT")
      }
    }
    var properties = properties
    var replication: Int32 = -1
    if let text = properties.removeValue(forKey: Self.replicationProperty) {
      guard let number = Int32(text), (1...100).contains(number) else {
        throw EventLogError(
          .badURL, "\(Self.replicationProperty)=\(text) is not a number from 1 to 100")
      }
      replication = number
    }
    // Readers belong to no group; progress is committed for one.
    let group = properties.removeValue(forKey: "group.id")
    self.brokers = brokers
    self.replication = replication
    groups = KafkaGroups(brokers: brokers, properties: properties, group: group)
    self.properties = properties
    pool = Mutex([])
  }

  /// Makes the topics that are missing, with the replication that the properties ask for.
  /// - Throws: `.badURL` for a name or a count that no topic may have; `.unavailable`.
  public func createTopics(_ topics: [String], partitions: Int) throws(EventLogError) {
    for topic in topics { try Topics.check(topic, partitions: partitions) }
    let client = try client()
    for topic in topics where try client.partitionCount(of: topic) == 0 {
      try client.createTopic(topic, partitions: partitions, replication: replication)
    }
  }

  /// How many partitions a topic has; 0 where it is not there. Asks the brokers each time.
  public func partitionCount(of topic: String) throws(EventLogError) -> Int {
    try client().partitionCount(of: topic)
  }

  /// True: retention drops records whether they were read or not.
  public var dropsRecords: Bool { true }

  /// The offset of the first record that retention has left.
  public func startOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    try bounds(of: partition).start
  }

  /// One past the last record that all in-sync replicas have.
  public func endOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    try bounds(of: partition).end
  }

  /// Asks each broker twice, for the starts and for the ends of the partitions that it leads.
  public func bounds(of partitions: [TopicPartition]) throws(EventLogError)
    -> [TopicPartition: LogBounds]
  {
    guard !partitions.isEmpty else { return [:] }
    return try client().bounds(of: partitions)
  }

  /// Asks the partition's broker once for each.
  public func bounds(of partition: TopicPartition) throws(EventLogError) -> LogBounds {
    let offsets = try client().offsets(of: partition)
    return LogBounds(start: offsets.lowerBound, end: offsets.upperBound)
  }

  /// Commits the offsets for a consumer group, in the background: the property `group.id`, else `group`.
  public func note(progress: [TopicPartition: Int64], of group: String) {
    groups.commit(progress, of: group)
  }

  /// A reader without a consumer group. Brokers that go away while it reads are waited for.
  /// - Throws: `.lost` where the partition begins after `offset`; `.damaged` where it ends before `offset`;
  ///   `.unavailable`.
  public func reader(of partition: TopicPartition, from offset: Int64) throws(EventLogError)
    -> any LogReader
  {
    try kafkaReader(of: partition, from: offset, within: bounds(of: partition))
  }

  /// The same, and asks no broker.
  public func reader(of partition: TopicPartition, from offset: Int64, within bounds: LogBounds)
    throws(EventLogError) -> any LogReader
  {
    try kafkaReader(of: partition, from: offset, within: bounds)
  }

  func kafkaReader(of partition: TopicPartition, from offset: Int64, within bounds: LogBounds)
    throws(EventLogError) -> KafkaReader
  {
    let client = try take(partition)
    do throws(EventLogError) {
      return try KafkaReader(self, client, partition, from: offset, within: bounds)
    } catch {
      giveBack(client, partition)
      throw error
    }
  }

  /// A writer with an idempotent producer. Makes the topic of the sources where it is missing.
  /// - Throws: `.unavailable` for a topic that is not there.
  public func writer(to topics: [String]) throws(EventLogError) -> any LogWriter {
    let client = try client()
    var partitions: [[TopicPartition]] = []
    for topic in topics {
      let count = try client.partitionCount(of: topic)
      guard count > 0 else {
        throw EventLogError(
          .unavailable, "no topic \(topic) in \(url); create it before writing")
      }
      partitions.append((0..<count).map { TopicPartition(topic, Int32($0)) })
    }
    let whyNoSources = makeSourcesTopic(client)
    let producer = try KafkaProducer(
      brokers: brokers, properties: properties,
      topics: topics + (whyNoSources == nil ? [KafkaSources.topic] : []))
    return KafkaWriter(
      self, partitions: partitions, producer: producer, whyNoSources: whyNoSources)
  }

  /// Makes the topic that remembers the sources. Where the cluster does not let us, events are written all
  /// the same, and no source is remembered.
  /// - Returns: why the topic is not there; nil where it is.
  private func makeSourcesTopic(_ client: KafkaClient) -> EventLogError? {
    do throws(EventLogError) {
      if try client.partitionCount(of: KafkaSources.topic) > 0 { return nil }
      try client.createTopic(
        KafkaSources.topic, partitions: 1, replication: replication,
        settings: ["cleanup.policy": "compact"])
      return nil
    } catch {
      return error
    }
  }

  // MARK: - Clients

  private func newClient() throws(EventLogError) -> KafkaClient {
    try KafkaClient(
      RD_KAFKA_CONSUMER, brokers: brokers, properties: [Self.consumerProperties, properties])
  }

  private func client() throws(EventLogError) -> KafkaClient {
    if let client = asking.withLock({ $0 }) { return client }
    let made = try newClient()
    return asking.withLock { asking in
      if let asking { return asking }
      asking = made
      return made
    }
  }

  /// A client through which nobody reads `partition` yet.
  private func take(_ partition: TopicPartition) throws(EventLogError) -> KafkaClient {
    let free = pool.withLock { pool -> KafkaClient? in
      guard let index = pool.firstIndex(where: { !$0.reading.contains(partition) }) else {
        return nil
      }
      pool[index].reading.insert(partition)
      return pool[index].client
    }
    if let free { return free }
    let made = try newClient()
    pool.withLock { $0.append(PooledClient(client: made, reading: [partition])) }
    return made
  }

  func giveBack(_ client: KafkaClient, _ partition: TopicPartition) {
    pool.withLock { pool in
      guard let index = pool.firstIndex(where: { $0.client === client }) else { return }
      pool[index].reading.remove(partition)
    }
  }
}
