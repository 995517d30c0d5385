import CRdKafka
import Glibc
import Synchronization

/// Owns one librdkafka client: the connections to the brokers and the threads that serve them.
///
/// librdkafka lets any thread use a client; this class has no other state, and so it is Sendable.
final class KafkaClient: @unchecked Sendable {
  let handle: OpaquePointer
  let brokers: String

  /// Milliseconds that a question to the brokers may take, connecting included, before they count
  /// as unreachable: `socket.timeout.ms`.
  let requestMilliseconds: Int32
  /// Much less than librdkafka's own minute: somebody waits for the answer.
  private static let requestMillisecondsDefault: Int32 = 5000
  private static let textBytes = 512
  /// Milliseconds that are left of a question to say that no connection came about; librdkafka looks once a
  /// second.
  private static let setupMargin: Int32 = 1500
  /// What librdkafka takes at least for `socket.connection.setup.timeout.ms`.
  private static let setupMillisecondsMin: Int32 = 1000
  private let troubles: KafkaTroubles

  /// - Parameters:
  ///   - properties: librdkafka's; later ones win.
  ///   - troubles: gets what librdkafka says of its connections, and is the opaque of all callbacks.
  ///   - prepare: sets further callbacks.
  init(
    _ type: rd_kafka_type_t, brokers: String, properties: [[String: String]],
    troubles: KafkaTroubles = KafkaTroubles(), prepare: (OpaquePointer) -> Void = { _ in }
  ) throws(EventLogError) {
    self.brokers = brokers
    self.troubles = troubles
    let requestMilliseconds =
      properties.last?["socket.timeout.ms"].flatMap { Int32($0) } ?? Self.requestMillisecondsDefault
    self.requestMilliseconds = requestMilliseconds
    guard let configuration = rd_kafka_conf_new() else {
      throw EventLogError(.io, "no memory for a Kafka client; free some, then go on")
    }
    var text = [CChar](repeating: 0, count: Self.textBytes)
    // A broker that takes a connection and says nothing is named before the question runs out of time.
    let setup = max(Self.setupMillisecondsMin, requestMilliseconds - Self.setupMargin)
    var merged = [
      "bootstrap.servers": brokers, "socket.connection.setup.timeout.ms": "\(setup)",
    ]
    for set in properties { merged.merge(set) { $1 } }
    for (name, value) in merged.sorted(by: { $0.key < $1.key }) {
      guard rd_kafka_conf_set(configuration, name, value, &text, text.count) == RD_KAFKA_CONF_OK
      else {
        rd_kafka_conf_destroy(configuration)
        throw EventLogError(
          .badURL, "Kafka property \(name): \(Self.string(text)); see librdkafka's CONFIGURATION.md"
        )
      }
    }
    // What goes wrong comes back as an error where it matters, not as lines on standard error.
    rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(troubles).toOpaque())
    rd_kafka_conf_set_log_cb(configuration) { client, _, _, line in
      guard let line, let opaque = client.flatMap({ rd_kafka_opaque($0) }) else { return }
      Unmanaged<KafkaTroubles>.fromOpaque(opaque).takeUnretainedValue().note(String(cString: line))
    }
    prepare(configuration)
    guard let handle = rd_kafka_new(type, configuration, &text, text.count) else {
      rd_kafka_conf_destroy(configuration)
      throw EventLogError(.badURL, "no Kafka client for \(brokers): \(Self.string(text))")
    }
    self.handle = handle
  }

  // Nobody here joins a group, and so there is none to leave: leaving waits for a coordinator, for ever where the brokers
  // have gone.
  deinit { rd_kafka_destroy_flags(handle, Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)) }

  static func string(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// What librdkafka's code means for a person.
  func error(_ code: rd_kafka_resp_err_t, _ action: String) -> EventLogError {
    if KafkaTroubles.mayExplain(code), let trouble = troubles.latest {
      return EventLogError(
        .unavailable,
        "\(action): Kafka at \(brokers) \(trouble.kind.meaning): \(trouble.words); \(trouble.kind.advice)"
      )
    }
    let text = String(cString: rd_kafka_err2str(code))
    switch code {
    case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__TIMED_OUT,
      RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE,
      RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
      // Elections, which pass.
      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
      return EventLogError(
        .unavailable,
        "\(action): Kafka at \(brokers) does not answer (\(text)); check the address and that the "
          + "broker runs")
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
      RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return EventLogError(
        .unavailable, "\(action): Kafka at \(brokers) has no such topic; create it first")
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return EventLogError(
        .tooLarge, "\(action): \(text); raise message.max.bytes here and at the broker")
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return EventLogError(
        .damaged,
        "\(action): Kafka at \(brokers) does not have that offset any more (\(text)); check the "
          + "topic's retention")
    default:
      return EventLogError(.io, "\(action): Kafka at \(brokers) says: \(text)")
    }
  }

  /// How many partitions a topic has; 0 where it is not there. All topics are asked for: a question
  /// about one makes some brokers create it.
  func partitionCount(of topic: String) throws(EventLogError) -> Int {
    var metadata: UnsafePointer<rd_kafka_metadata>?
    let code = rd_kafka_metadata(handle, 1, nil, &metadata, requestMilliseconds)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else {
      throw error(code, "cannot look up topic \(topic)")
    }
    defer { rd_kafka_metadata_destroy(metadata) }
    for index in 0..<Int(metadata.pointee.topic_cnt) {
      let found = metadata.pointee.topics[index]
      guard strcmp(found.topic, topic) == 0 else { continue }
      switch found.err {
      // A topic that is new still elects its leaders.
      case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        return Int(found.partition_cnt)
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return 0
      default: throw error(found.err, "cannot look up topic \(topic)")
      }
    }
    return 0
  }

  /// Makes one topic and waits until the brokers have it.
  /// - Parameter settings: of the topic, as Kafka names them.
  func createTopic(
    _ topic: String, partitions: Int, replication: Int32, settings: [String: String] = [:]
  ) throws(EventLogError) {
    let action = "cannot create topic \(topic)"
    var text = [CChar](repeating: 0, count: Self.textBytes)
    guard
      let request = rd_kafka_NewTopic_new(
        topic, Int32(partitions), replication, &text, text.count)
    else { throw EventLogError(.badURL, "\(action): \(Self.string(text))") }
    defer { rd_kafka_NewTopic_destroy(request) }
    for (name, value) in settings { rd_kafka_NewTopic_set_config(request, name, value) }
    let queue = rd_kafka_queue_new(handle)
    defer { rd_kafka_queue_destroy(queue) }
    var requests: [OpaquePointer?] = [request]
    rd_kafka_CreateTopics(handle, &requests, 1, nil, queue)
    guard let event = rd_kafka_queue_poll(queue, 2 * requestMilliseconds) else {
      throw error(RD_KAFKA_RESP_ERR__TIMED_OUT, action)
    }
    defer { rd_kafka_event_destroy(event) }
    let code = rd_kafka_event_error(event)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw error(code, action) }
    var count = 0
    if let result = rd_kafka_event_CreateTopics_result(event),
      let topics = rd_kafka_CreateTopics_result_topics(result, &count), count == 1
    {
      let code = rd_kafka_topic_result_error(topics[0])
      guard
        code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS
      else { throw error(code, action) }
    }
    let deadline = ContinuousClock.now + .milliseconds(Int(requestMilliseconds))
    while try partitionCount(of: topic) == 0 {
      guard ContinuousClock.now < deadline else {
        throw error(RD_KAFKA_RESP_ERR__TIMED_OUT, action)
      }
      usleep(50_000)
    }
  }
}
