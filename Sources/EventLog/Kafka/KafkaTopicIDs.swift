import CRdKafka
import Glibc
import Synchronization

/// Tells the ids of topics, as Kafka calls them.
protocol KafkaTopicIDSource: Sendable {
  /// Why there are no ids, one line; nil where there are.
  var absence: String? { get }

  /// Asks the brokers; topics that are not there, and those that the brokers give no id, are left out.
  /// - Throws: `.unavailable` where the brokers do not answer.
  func ids(of topics: [String], asking client: KafkaClient) throws(EventLogError)
    -> [String: TopicID]
}

/// Asks through the librdkafka that the process runs with, where that has the call: 2.3 and later.
///
/// The functions stay where they are for as long as the process runs, and so it is Sendable.
final class LibraryTopicIDs: KafkaTopicIDSource, @unchecked Sendable {
  static let shared = LibraryTopicIDs()

  private let functions: polyrhythm_topic_ids?
  /// Why brokers that answered gave no ids.
  private let refusal = Mutex<String?>(nil)

  private init() {
    var functions = polyrhythm_topic_ids()
    self.functions = polyrhythm_find_topic_ids(&functions) ? functions : nil
  }

  var absence: String? {
    guard functions != nil else {
      return "librdkafka \(Self.version) has no topic ids, 2.3 and later have"
    }
    return refusal.withLock { $0 }
  }

  /// Of the library that the process runs with.
  static var version: String { String(cString: rd_kafka_version_str()) }

  func ids(of topics: [String], asking client: KafkaClient) throws(EventLogError)
    -> [String: TopicID]
  {
    guard let functions, !topics.isEmpty else { return [:] }
    let answer = try client.topicIDs(of: topics, by: functions)
    refusal.withLock { $0 = answer.refusal }
    return answer.ids
  }
}

extension KafkaClient {
  /// What came of a question for ids.
  struct TopicIDAnswer {
    var ids: [String: TopicID] = [:]
    /// Why topics that are there have no ids, one line.
    var refusal: String?
  }

  /// Milliseconds that brokers get to tell ids. Flushes wait for it.
  private static var idMilliseconds: Int32 { 2000 }

  func topicIDs(of topics: [String], by functions: polyrhythm_topic_ids) throws(EventLogError)
    -> TopicIDAnswer
  {
    guard let broker, let queue = rd_kafka_queue_new(handle) else {
      throw error(RD_KAFKA_RESP_ERR__TRANSPORT, "cannot look up the ids of topics")
    }
    defer { rd_kafka_queue_destroy(queue) }
    let options = rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_ANY)
    defer { rd_kafka_AdminOptions_destroy(options) }
    rd_kafka_AdminOptions_set_request_timeout(options, Self.idMilliseconds, nil, 0)
    // Any broker knows. Without this librdkafka waits for the controller, which the mock does not have.
    rd_kafka_AdminOptions_set_broker(options, broker, nil, 0)
    var names = topics.map { UnsafePointer(strdup($0)) }
    defer { for name in names { free(UnsafeMutablePointer(mutating: name)) } }
    let collection = functions.collect(&names, names.count)
    defer { functions.destroy_collection(collection) }
    functions.describe(handle, collection, options, queue)
    guard let event = rd_kafka_queue_poll(queue, 2 * Self.idMilliseconds) else {
      throw error(RD_KAFKA_RESP_ERR__TIMED_OUT, "cannot look up the ids of topics")
    }
    defer { rd_kafka_event_destroy(event) }
    let code = rd_kafka_event_error(event)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      let error = readError(code, "cannot look up the ids of topics")
      if error.code == .unavailable { throw error }
      let words = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? ""
      return TopicIDAnswer(refusal: "the brokers do not tell ids: \(words)")
    }
    var answer = TopicIDAnswer()
    var count = 0
    guard let result = functions.result(event), let described = functions.topics(result, &count)
    else { return answer }
    for index in 0..<count {
      guard let topic = described[index], let name = functions.name(topic),
        rd_kafka_error_code(functions.error(topic)) == RD_KAFKA_RESP_ERR_NO_ERROR
      else { continue }
      if let id = functions.id(topic),
        let id = TopicID(
          mostSignificant: functions.most_significant(id),
          leastSignificant: functions.least_significant(id))
      {
        answer.ids[String(cString: name)] = id
      } else {
        answer.refusal = "the brokers give no ids, as those before Kafka 2.8"
      }
    }
    return answer
  }
}

extension KafkaLog {
  /// Asks the brokers each time, so that the answer is of a time after the call.
  public func topicIDs(of topics: [String]) throws(EventLogError) -> [String: TopicID] {
    let names = Set(topics.map(settings.name(of:))).sorted()
    let found = try ids.ids(of: names, asking: client())
    var ids: [String: TopicID] = [:]
    for topic in topics { ids[topic] = found[settings.name(of: topic)] }
    return ids
  }

  /// Whether by their ids or, as librdkafka or the brokers have none, by their lengths.
  public var topicWatch: String? {
    ids.absence.map { "told by their length only: \($0)" } ?? "told by topic id"
  }
}
