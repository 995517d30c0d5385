import CRdKafka
import Synchronization

/// A log in Apache Kafka, through librdkafka. All calls block the thread that makes them; a question
/// that the brokers do not answer within seconds ends in `.unavailable`.
public final class KafkaLog: EventLog {
  /// `kafka:` and the brokers as they were given.
  public let url: String
  private let brokers: String
  let settings: KafkaSettings
  private let pool: Mutex<[PooledClient]>
  /// Asks questions, and reads nothing: on a connection on which a fetch waits for records, a question waits with it.
  private let asking = Mutex<KafkaClient?>(nil)
  private let groups: KafkaGroups
  let ids: any KafkaTopicIDSource

  /// A consumer client and the partitions that are being read through it. One client reads many
  /// partitions, each at most once.
  private struct PooledClient {
    var client: KafkaClient
    var reading: Set<TopicPartition>
  }

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

  /// Of a client beside the first: its readers look back at what is being read already, and come and go one after the other.
  private static let lookingBackProperties = ["fetch.wait.max.ms": "20"]

  /// - Parameters:
  ///   - brokers: `HOST:PORT`, more after commas.
  ///   - properties: any of librdkafka's, and our own: `topic.replication.factor` and `topic.retention.ms` of
  ///     topics that are made, `topic.prefix` and `topic.name.TOPIC` for what Kafka calls topics, `topic.start`
  ///     (`earliest`, `latest` or milliseconds since 1970) for where reading begins that has not begun yet;
  ///     `topic.mixed` for the one topic that has the records of all the topics of `kinds`.
  ///   - kinds: how the records of that topic are told apart.
  /// - Throws: `.badURL`. No broker is asked yet.
  public convenience init(
    brokers: String, properties: [String: String] = [:], kinds: RecordKinds? = nil
  ) throws(EventLogError) {
    try self.init(
      brokers: brokers, properties: properties, kinds: kinds, ids: LibraryTopicIDs.shared)
  }

  /// - Parameter ids: what tells the ids of topics.
  init(
    brokers: String, properties: [String: String], kinds: RecordKinds?,
    ids: any KafkaTopicIDSource
  ) throws(EventLogError) {
    self.ids = ids
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
    // Readers belong to no group; progress is committed for one.
    let group = properties.removeValue(forKey: "group.id")
    settings = try KafkaSettings(properties, kinds: kinds)
    if settings.mixed != nil, kinds == nil {
      throw EventLogError(
        .badURL, "\(KafkaSettings.mixedProperty): nothing says how its records are told apart")
    }
    self.brokers = brokers
    groups = KafkaGroups(brokers: brokers, properties: settings.client, group: group)
    pool = Mutex([])
  }

  /// Makes the topics that are missing, with the replication and retention that the properties ask for.
  /// - Throws: `.badURL` for a name or a count that no topic may have; `.unavailable`.
  public func createTopics(_ topics: [String], partitions: Int) throws(EventLogError) {
    try create(topics, partitions: partitions, settings.eventTopic)
  }

  /// `createTopics`, for topics that Kafka compacts.
  public func createCompactedTopics(_ topics: [String], partitions: Int) throws(EventLogError) {
    try create(topics, partitions: partitions, KafkaSettings.compactedTopic)
  }

  private func create(_ topics: [String], partitions: Int, _ topicSettings: [String: String])
    throws(EventLogError)
  {
    let names = Set(topics.map(settings.name(of:))).sorted()
    for name in names { try Topics.check(name, partitions: partitions) }
    let client = try client()
    for name in names where try client.partitionCount(of: name) == 0 {
      try client.createTopic(
        name, partitions: partitions, replication: settings.replication, settings: topicSettings)
    }
  }

  /// How many partitions a topic has; 0 where it is not there. Asks the brokers each time.
  public func partitionCount(of topic: String) throws(EventLogError) -> Int {
    try client().partitionCount(of: settings.name(of: topic))
  }

  /// The topics of `kinds` where the property `topic.mixed` is given.
  public var mixedTopics: Set<String> { Set(settings.kinds?.topics ?? []) }

  /// True: retention drops records whether they were read or not.
  public var dropsRecords: Bool { true }

  /// The offset of the first record that retention has left.
  public func startOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    try bounds(of: partition).start
  }

  /// Where the property `topic.start` has reading begin; 0 where nothing is said, so that what retention has dropped is
  /// found to be missing.
  public func firstOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    guard let start = settings.start else { return 0 }
    let bounds = try bounds(of: partition)
    switch start {
    case .earliest: return bounds.start
    case .latest: return bounds.end
    case .time(let time):
      let found = try client().offset(of: settings.inKafka(partition), at: time)
      return max(bounds.start, found ?? bounds.end)
    }
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
    let found = try client().bounds(of: Set(partitions.map(settings.inKafka(_:))).sorted())
    var bounds: [TopicPartition: LogBounds] = [:]
    for partition in partitions { bounds[partition] = found[settings.inKafka(partition)] }
    return bounds
  }

  /// The same for one partition.
  public func bounds(of partition: TopicPartition) throws(EventLogError) -> LogBounds {
    guard let found = try bounds(of: [partition])[partition] else {
      throw EventLogError(.unavailable, "\(url): \(partition) is not there any more")
    }
    return found
  }

  /// Commits the offsets for a consumer group, in the background: the property `group.id`, else `group`.
  public func note(progress: [TopicPartition: Int64], of group: String) {
    var named: [TopicPartition: Int64] = [:]
    // Kinds that lie together are read each for itself: read by all is what is below the last of them.
    for (partition, offset) in progress {
      let place = settings.inKafka(partition)
      named[place] = min(offset, named[place] ?? offset)
    }
    groups.commit(named, of: group)
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

  /// - Parameter isWhole: whether the reader also gives the records of the other topics that lie together with this one.
  func kafkaReader(
    of partition: TopicPartition, from offset: Int64, within bounds: LogBounds,
    isWhole: Bool = false
  ) throws(EventLogError) -> KafkaReader {
    let client = try take(settings.inKafka(partition))
    do throws(EventLogError) {
      return try KafkaReader(
        self, client, partition, named: settings.name(of: partition.topic),
        filter: isWhole ? nil : KindFilter(settings.kinds, of: partition.topic), from: offset,
        within: bounds)
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
      let name = settings.name(of: topic)
      let count = try client.partitionCount(of: name)
      guard count > 0 else {
        throw EventLogError(
          .unavailable, "no topic \(name) in \(url); create it before writing")
      }
      partitions.append((0..<count).map { TopicPartition(topic, Int32($0)) })
    }
    let whyNoSources = makeSourcesTopic(client)
    let producer = try KafkaProducer(
      brokers: brokers, properties: settings.client,
      topics: (topics + (whyNoSources == nil ? [KafkaSources.topic] : []))
        .map(settings.name(of:)))
    let openings = topics.map { topic in
      settings.kinds.flatMap { kinds in
        kinds.topics.firstIndex(of: topic).map { kinds.openings[$0] }
      }
    }
    return KafkaWriter(
      self, partitions: partitions, openings: openings, producer: producer,
      whyNoSources: whyNoSources)
  }

  /// Makes the topic that remembers the sources. Where the cluster does not let us, events are written all
  /// the same, and no source is remembered.
  /// - Returns: why the topic is not there; nil where it is.
  private func makeSourcesTopic(_ client: KafkaClient) -> EventLogError? {
    do throws(EventLogError) {
      let name = settings.name(of: KafkaSources.topic)
      if try client.partitionCount(of: name) > 0 { return nil }
      try client.createTopic(
        name, partitions: 1, replication: settings.replication,
        settings: KafkaSettings.compactedTopic)
      return nil
    } catch {
      return error
    }
  }

  /// Finds two topics that have one name in Kafka: each would be read as the other.
  /// - Parameter topics: all that the log is used for, beside the one that remembers the sources.
  /// - Throws: `.badURL` naming both.
  public func requireOwnNames(of topics: [String]) throws(EventLogError) {
    var owners: [String: String] = [:]
    for topic in topics + [KafkaSources.topic] {
      let name = settings.name(of: topic)
      guard let owner = owners.updateValue(topic, forKey: name),
        !mixedTopics.isSuperset(of: [owner, topic])
      else { continue }
      throw EventLogError(
        .badURL, "\(owner) and \(topic) are both \(name) in Kafka; give each a topic of its own")
    }
  }

  // MARK: - Clients

  private func newClient(looksBack: Bool = false) throws(EventLogError) -> KafkaClient {
    try KafkaClient(
      RD_KAFKA_CONSUMER, brokers: brokers,
      properties: [
        Self.consumerProperties, looksBack ? Self.lookingBackProperties : [:], settings.client,
      ])
  }

  func client() throws(EventLogError) -> KafkaClient {
    if let client = asking.withLock({ $0 }) { return client }
    let made = try newClient()
    return asking.withLock { asking in
      if let asking { return asking }
      asking = made
      return made
    }
  }

  /// A client through which nobody reads `partition`, as Kafka calls it, yet.
  private func take(_ partition: TopicPartition) throws(EventLogError) -> KafkaClient {
    let free = pool.withLock { pool -> KafkaClient? in
      guard let index = pool.firstIndex(where: { !$0.reading.contains(partition) }) else {
        return nil
      }
      pool[index].reading.insert(partition)
      return pool[index].client
    }
    if let free { return free }
    let made = try newClient(looksBack: pool.withLock { !$0.isEmpty })
    pool.withLock { $0.append(PooledClient(client: made, reading: [partition])) }
    return made
  }

  func giveBack(_ client: KafkaClient, _ partition: TopicPartition) {
    let partition = settings.inKafka(partition)
    pool.withLock { pool in
      guard let index = pool.firstIndex(where: { $0.client === client }) else { return }
      pool[index].reading.remove(partition)
    }
  }
}
