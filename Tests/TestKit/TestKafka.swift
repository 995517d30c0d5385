import CRdKafka
import EventLog
import Foundation

/// Kafka for one test: librdkafka's mock brokers, or, where the environment has `POLYRHYTHM_TEST_BROKERS=HOST:PORT`, those,
/// with topics whose names begin with a prefix of this test's own and which are deleted when it ends.
public final class TestKafka {
  /// The brokers that the environment names.
  public static let realBrokers = ProcessInfo.processInfo.environment["POLYRHYTHM_TEST_BROKERS"]

  /// `HOST:PORT` of the brokers.
  public let bootstrap: String
  /// Before the names of all topics; empty with the mock.
  public let prefix: String
  private let mock: MockKafka?

  public init() throws {
    if let real = Self.realBrokers {
      mock = nil
      bootstrap = real
      prefix = "polyrhythm-test-\(UUID().uuidString.prefix(8))-"
    } else {
      let mock = try MockKafka()
      self.mock = mock
      bootstrap = mock.bootstrap
      prefix = ""
    }
  }

  deinit { stop() }

  /// What a log needs to find this test's topics.
  public var properties: [String: String] { prefix.isEmpty ? [:] : ["topic.prefix": prefix] }

  /// The same for the command line.
  public var flags: [String] {
    ["--log", "kafka:\(bootstrap)"] + (prefix.isEmpty ? [] : ["--topic-prefix", prefix])
  }

  /// The log of this test.
  public func open(properties more: [String: String] = [:]) throws -> any EventLog {
    try EventLogs.open("kafka:\(bootstrap)", properties: properties.merging(more) { $1 })
  }

  /// - Parameter name: without the prefix.
  public func createTopic(_ name: String, partitions: Int) throws {
    if let mock { return try mock.createTopic(name, partitions: partitions) }
    try open().createTopics([name], partitions: partitions)
  }

  private var isStopped = false

  /// Ends the mock; real brokers are rid of this test's topics.
  public func stop() {
    guard !isStopped else { return }
    isStopped = true
    mock?.stop()
    if mock == nil { deleteTopics() }
  }

  private func deleteTopics() {
    var text = [CChar](repeating: 0, count: 512)
    let configuration = rd_kafka_conf_new()
    rd_kafka_conf_set(configuration, "bootstrap.servers", bootstrap, &text, text.count)
    rd_kafka_conf_set_log_cb(configuration, nil)
    guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &text, text.count) else {
      return rd_kafka_conf_destroy(configuration)
    }
    defer { rd_kafka_destroy(client) }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    guard rd_kafka_metadata(client, 1, nil, &metadata, 5000) == RD_KAFKA_RESP_ERR_NO_ERROR,
      let metadata
    else { return }
    defer { rd_kafka_metadata_destroy(metadata) }
    var doomed: [OpaquePointer?] = []
    for index in 0..<Int(metadata.pointee.topic_cnt) {
      guard let name = metadata.pointee.topics[index].topic,
        String(cString: name).hasPrefix(prefix)
      else { continue }
      doomed.append(rd_kafka_DeleteTopic_new(name))
    }
    defer { for topic in doomed { rd_kafka_DeleteTopic_destroy(topic) } }
    guard !doomed.isEmpty else { return }
    let queue = rd_kafka_queue_new(client)
    defer { rd_kafka_queue_destroy(queue) }
    rd_kafka_DeleteTopics(client, &doomed, doomed.count, nil, queue)
    if let event = rd_kafka_queue_poll(queue, 10_000) { rd_kafka_event_destroy(event) }
  }
}
