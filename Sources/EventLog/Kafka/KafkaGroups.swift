import CRdKafka
import Synchronization

/// Commits offsets for consumer groups that nobody joins, so that tools which show a group's lag show ours. Readers never
/// look at these offsets.
final class KafkaGroups: Sendable {
  private let brokers: String
  private let properties: [String: String]
  /// The group that everything is committed for; nil: the one that the caller names.
  private let group: String?
  /// By group; nil where the properties let no client be made.
  private let members = Mutex<[String: Member?]>([:])

  /// A client that commits for one group. Used by one thread at a time.
  private final class Member {
    private let client: KafkaClient
    /// The brokers' answers. Nobody needs them: what failed, the next commit says again.
    private let answers: OpaquePointer?
    private var waiting = 0

    /// Milliseconds to wait at the end for the answer to the last commit.
    private static let lastAnswer: Int32 = 2000

    init(brokers: String, properties: [[String: String]]) throws(EventLogError) {
      client = try KafkaClient(RD_KAFKA_CONSUMER, brokers: brokers, properties: properties)
      answers = rd_kafka_queue_new(client.handle)
    }

    deinit {
      let deadline = ContinuousClock.now + .milliseconds(Int(Self.lastAnswer))
      while waiting > 0, ContinuousClock.now < deadline { takeAnswer(Self.lastAnswer) }
      rd_kafka_queue_destroy(answers)
    }

    func commit(_ progress: [TopicPartition: Int64]) {
      while waiting > 0, takeAnswer(0) {}
      let list = rd_kafka_topic_partition_list_new(Int32(progress.count))
      defer { rd_kafka_topic_partition_list_destroy(list) }
      for (partition, offset) in progress {
        rd_kafka_topic_partition_list_add(list, partition.topic, partition.partition)?
          .pointee.offset = offset
      }
      let code = rd_kafka_commit_queue(client.handle, list, answers, nil, nil)
      if code == RD_KAFKA_RESP_ERR_NO_ERROR { waiting += 1 }
    }

    @discardableResult
    private func takeAnswer(_ milliseconds: Int32) -> Bool {
      guard let event = rd_kafka_queue_poll(answers, milliseconds) else { return false }
      rd_kafka_event_destroy(event)
      waiting -= 1
      return true
    }
  }

  /// What a commit waits for its group's coordinator, and the end of a client with it. Nobody joins the group, so that nothing else
  /// depends on it.
  private static let patience = ["session.timeout.ms": "4000", "heartbeat.interval.ms": "1000"]

  /// - Parameter properties: librdkafka's.
  init(brokers: String, properties: [String: String], group: String?) {
    self.brokers = brokers
    self.properties = properties
    self.group = group
  }

  /// Returns at once.
  func commit(_ progress: [TopicPartition: Int64], of name: String) {
    guard !progress.isEmpty else { return }
    let name = group ?? name
    members.withLock { members in
      if members[name] == nil {
        members[name] = .some(
          try? Member(
            brokers: brokers,
            properties: [
              properties, ["group.id": name, "enable.auto.commit": "false"], Self.patience,
            ]))
      }
      members[name]??.commit(progress)
    }
  }
}
