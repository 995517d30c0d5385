import CRdKafka

/// The settings of one topic that say for how long Kafka keeps its records.
struct KafkaTopicSettings: Equatable {
  /// `delete`, `compact`, or both.
  var cleanupPolicy = "delete"
  /// `CreateTime`, the time that the producer gives a record, or `LogAppendTime`.
  var timestampType = "CreateTime"
  /// Milliseconds; -1 for ever.
  var retentionMilliseconds: Int64 = -1
  /// Of a partition; -1 for any number.
  var retentionBytes: Int64 = -1

  /// From names and values as the brokers tell them.
  init(_ settings: [String: String]) {
    if let value = settings["cleanup.policy"] { cleanupPolicy = value }
    if let value = settings["message.timestamp.type"] { timestampType = value }
    if let value = settings["retention.ms"].flatMap({ Int64($0) }) { retentionMilliseconds = value }
    if let value = settings["retention.bytes"].flatMap({ Int64($0) }) { retentionBytes = value }
  }

  /// Whether records go when their own time is too old, whenever they were written.
  var dropsHistory: Bool {
    cleanupPolicy.contains("delete") && timestampType == "CreateTime" && retentionMilliseconds >= 0
  }

  /// Below these a topic loses records while somebody mends what does not run over a night.
  private static let shortMilliseconds: Int64 = 86_400_000
  private static let smallBytes: Int64 = 64 << 20

  /// How the settings can lose records before they are read.
  func risks(_ topic: String, isCompacted: Bool) -> [String] {
    var risks: [String] = []
    if cleanupPolicy.contains("compact"), !isCompacted {
      risks.append(
        "topic \(topic) is compacted (cleanup.policy=\(cleanupPolicy)): Kafka drops all events of a user but "
          + "the last; set cleanup.policy=delete")
    }
    guard cleanupPolicy.contains("delete") else { return risks }
    if (0..<Self.shortMilliseconds).contains(retentionMilliseconds) {
      risks.append(
        "topic \(topic) keeps records for \(retentionMilliseconds / 1000) s only "
          + "(retention.ms=\(retentionMilliseconds)): what is not read by then is lost; raise it to more than "
          + "the longest time that readers may be down")
    }
    if (0..<Self.smallBytes).contains(retentionBytes) {
      risks.append(
        "topic \(topic) keeps \(retentionBytes) bytes of a partition only (retention.bytes): what is not read by "
          + "then is lost; raise it")
    }
    return risks
  }

  /// What is said where all that a partition has is older than its retention.
  func historyRisk(_ partition: TopicPartition) -> String {
    "all records of \(partition) have times that are older than the topic's retention.ms="
      + "\(retentionMilliseconds), which counts from them (message.timestamp.type=CreateTime): Kafka deletes them "
      + "within minutes; set message.timestamp.type=LogAppendTime before history is written"
  }
}

extension KafkaClient {
  /// Milliseconds that brokers get to tell their topics' settings: a command that may go on without waits no longer.
  private static var settingsMilliseconds: Int32 { 1000 }

  /// What the brokers say of topics' settings; topics that they say nothing of are left out: some brokers
  /// do not know the question, and some do not let everybody ask.
  func settings(of topics: [String]) -> [String: KafkaTopicSettings] {
    var resources = topics.map { rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, $0) }
    defer { for resource in resources { rd_kafka_ConfigResource_destroy(resource) } }
    guard !resources.isEmpty, let queue = rd_kafka_queue_new(handle) else { return [:] }
    defer { rd_kafka_queue_destroy(queue) }
    let options = rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS)
    defer { rd_kafka_AdminOptions_destroy(options) }
    rd_kafka_AdminOptions_set_request_timeout(options, Self.settingsMilliseconds, nil, 0)
    // Any broker knows. Without this librdkafka waits for the controller, which the mock does not have.
    if let broker { rd_kafka_AdminOptions_set_broker(options, broker, nil, 0) }
    rd_kafka_DescribeConfigs(handle, &resources, resources.count, options, queue)
    guard let event = rd_kafka_queue_poll(queue, Self.settingsMilliseconds) else { return [:] }
    defer { rd_kafka_event_destroy(event) }
    var count = 0
    guard rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR,
      let result = rd_kafka_event_DescribeConfigs_result(event),
      let described = rd_kafka_DescribeConfigs_result_resources(result, &count)
    else { return [:] }
    var found: [String: KafkaTopicSettings] = [:]
    for index in 0..<count {
      guard let resource = described[index],
        rd_kafka_ConfigResource_error(resource) == RD_KAFKA_RESP_ERR_NO_ERROR,
        let name = rd_kafka_ConfigResource_name(resource)
      else { continue }
      var values: [String: String] = [:]
      var entryCount = 0
      let entries = rd_kafka_ConfigResource_configs(resource, &entryCount)
      for entry in 0..<entryCount {
        guard let entry = entries?[entry], let name = rd_kafka_ConfigEntry_name(entry),
          let value = rd_kafka_ConfigEntry_value(entry)
        else { continue }
        values[String(cString: name)] = String(cString: value)
      }
      found[String(cString: name)] = KafkaTopicSettings(values)
    }
    return found
  }

  /// A broker of the cluster; nil where none answers.
  var broker: Int32? {
    var metadata: UnsafePointer<rd_kafka_metadata>?
    guard
      rd_kafka_metadata(handle, 0, nil, &metadata, requestMilliseconds)
        == RD_KAFKA_RESP_ERR_NO_ERROR,
      let metadata
    else { return nil }
    defer { rd_kafka_metadata_destroy(metadata) }
    return metadata.pointee.broker_cnt > 0 ? metadata.pointee.brokers[0].id : nil
  }

  /// The first offset whose record has this time or a later one; nil where no record has.
  /// - Parameter time: milliseconds since 1970.
  func offset(of partition: TopicPartition, at time: Int64) throws(EventLogError) -> Int64? {
    guard let list = rd_kafka_topic_partition_list_new(1) else { return nil }
    defer { rd_kafka_topic_partition_list_destroy(list) }
    let entry = rd_kafka_topic_partition_list_add(list, partition.topic, partition.partition)
    entry?.pointee.offset = time
    let code = rd_kafka_offsets_for_times(handle, list, requestMilliseconds)
    let failure =
      code == RD_KAFKA_RESP_ERR_NO_ERROR ? entry?.pointee.err ?? code : code
    guard failure == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw readError(failure, "cannot look up the offset of a time in \(partition)")
    }
    return entry.flatMap { $0.pointee.offset >= 0 ? $0.pointee.offset : nil }
  }
}

extension KafkaLog {
  /// - Parameter compacted: further topics, of which the latest record of a key is all that has to be kept.
  public func risks(of topics: [String], compacted: [String]) -> [String] {
    guard let client = try? client() else { return [] }
    let all =
      Set(topics.map(settings.name(of:))).sorted().map { (name: $0, isCompacted: false) }
      + compacted.map { (name: settings.name(of: $0), isCompacted: true) }
    let found = client.settings(of: all.map(\.name))
    var risks: [String] = []
    for (name, isCompacted) in all {
      guard let settings = found[name] else { continue }
      risks += settings.risks(name, isCompacted: isCompacted)
      if settings.dropsHistory, let risk = try? historyRisk(client, name, settings) {
        risks.append(risk)
      }
    }
    return risks
  }

  /// What is said of the first partition of which all records are about to go.
  private func historyRisk(_ client: KafkaClient, _ topic: String, _ settings: KafkaTopicSettings)
    throws(EventLogError) -> String?
  {
    let oldest = DirectoryOptions().clock() - settings.retentionMilliseconds
    let count = try client.partitionCount(of: topic)
    guard count > 0 else { return nil }
    let bounds = try client.bounds(of: (0..<Int32(count)).map { TopicPartition(topic, $0) })
    for (partition, known) in bounds.sorted(by: { $0.key < $1.key }) where known.start < known.end {
      if try client.offset(of: partition, at: oldest) == nil {
        return settings.historyRisk(partition)
      }
    }
    return nil
  }
}
