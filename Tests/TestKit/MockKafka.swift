import CRdKafka

/// A Kafka cluster inside this process: librdkafka's own mock brokers, behind real sockets that any
/// process on this machine can reach.
///
/// It lives in memory and forgets: a partition keeps about 5 MB of batches as they came over the
/// wire, keys included, and drops the oldest ones beyond that, so that its start offset rises. The cluster
/// does not know the admin request that creates topics, and `createTopic` stands for it. A topic that a
/// client asks about is created with 4 partitions.
public final class MockKafka {
  /// `HOST:PORT` of the brokers, with commas between them; what `kafka:` URLs and clients want.
  public let bootstrap: String
  private let brokerCount: Int
  private let client: OpaquePointer
  private let cluster: OpaquePointer

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// - Parameter hasSources: whether to create the topic in which the log remembers its sources: the log
  ///   cannot create it here, as it would in a real cluster.
  public init(brokers: Int = 1, hasSources: Bool = true) throws {
    var text = [CChar](repeating: 0, count: 512)
    let configuration = rd_kafka_conf_new()
    rd_kafka_conf_set_log_cb(configuration, nil)
    guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &text, text.count) else {
      rd_kafka_conf_destroy(configuration)
      throw Failure(description: "no client for a mock Kafka")
    }
    guard let cluster = rd_kafka_mock_cluster_new(client, Int32(brokers)) else {
      rd_kafka_destroy(client)
      throw Failure(description: "no mock Kafka")
    }
    brokerCount = brokers
    self.client = client
    self.cluster = cluster
    bootstrap = String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
    if hasSources { try createTopic("polyrhythm_sources", partitions: 1) }
  }

  deinit { stop() }

  private var isStopped = false

  /// Ends the brokers, as an outage would.
  public func stop() {
    guard !isStopped else { return }
    isStopped = true
    rd_kafka_mock_cluster_destroy(cluster)
    rd_kafka_destroy(client)
  }

  public func createTopic(_ name: String, partitions: Int) throws {
    let code = rd_kafka_mock_topic_create(cluster, name, Int32(partitions), 1)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw Failure(description: "mock topic \(name): \(String(cString: rd_kafka_err2str(code)))")
    }
  }

  /// Whether the brokers answer: those that are down close their connections and take none.
  public func setDown(_ isDown: Bool) {
    for broker in 1...Int32(brokerCount) {
      if isDown {
        rd_kafka_mock_broker_set_down(cluster, broker)
      } else {
        rd_kafka_mock_broker_set_up(cluster, broker)
      }
    }
  }

  /// Makes another broker the leader of a partition.
  /// - Parameter broker: from 1.
  public func setLeader(_ broker: Int, of topic: String, partition: Int32) {
    rd_kafka_mock_partition_set_leader(cluster, topic, partition, Int32(broker))
  }

  /// What clients ask for.
  public enum Request: Int16, CaseIterable, Sendable {
    case fetch = 1
    case listOffsets, metadata
  }

  /// Has the next requests of a kind fail, whoever makes them, as they do while a cluster elects leaders or makes
  /// partitions.
  public func failNext(_ request: Request, with errors: [rd_kafka_resp_err_t]) {
    rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, errors.count, errors)
  }

  /// What passes by itself: of elections, of a partition that not every broker knows yet.
  public static let transients: [rd_kafka_resp_err_t] = [
    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
    RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
    RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
  ]

  /// The offset that a consumer group has committed; nil where it has none.
  public func committed(_ group: String, topic: String, partition: Int32) throws -> Int64? {
    var text = [CChar](repeating: 0, count: 512)
    let configuration = rd_kafka_conf_new()
    rd_kafka_conf_set_log_cb(configuration, nil)
    for (name, value) in ["bootstrap.servers": bootstrap, "group.id": group] {
      rd_kafka_conf_set(configuration, name, value, &text, text.count)
    }
    guard let reader = rd_kafka_new(RD_KAFKA_CONSUMER, configuration, &text, text.count) else {
      rd_kafka_conf_destroy(configuration)
      throw Failure(description: "no client for the group \(group)")
    }
    defer { rd_kafka_destroy(reader) }
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    rd_kafka_topic_partition_list_add(list, topic, partition)
    let code = rd_kafka_committed(reader, list, 5000)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let list, list.pointee.cnt == 1 else { return nil }
    let offset = list.pointee.elems[0].offset
    return offset < 0 ? nil : offset
  }
}
