import CRdKafka

/// Hands records to Kafka with an idempotent producer: every record once and in order for its key, also
/// when the connection fails in between. Not shared between threads.
final class KafkaProducer {
  private let client: KafkaClient
  private let deliveries: Deliveries
  private let topics: [OpaquePointer]
  private var sinceServed = 0
  /// The value of the header `KafkaSources.header` of each record, by topic; nil: none.
  private var headers: [[UInt8]]?

  private static let properties = [
    "enable.idempotence": "true",
    // Empty keys go where the embedded log has them too.
    "partitioner": "murmur2_random",
    // Fills batches; a flush does not wait for it.
    "linger.ms": "20",
    // A record that is not acknowledged within this fails the flush.
    "message.timeout.ms": "30000",
  ]
  /// Records from one look at the delivery reports to the next.
  private static let serveInterval = 1000

  /// What came back from the brokers. librdkafka calls in only from calls that the writer makes, on
  /// the writer's thread.
  private final class Deliveries: KafkaTroubles {
    var failed = 0
    var firstFailure: (code: rd_kafka_resp_err_t, place: String)?
    /// Records accepted since the source was set: by topic, then partition.
    var accepted: [[Int64]]

    init(topics: Int) {
      accepted = Array(repeating: [], count: topics)
      super.init()
    }

    func note(_ message: UnsafePointer<rd_kafka_message_t>) {
      let partition = message.pointee.partition
      guard message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR else {
        let topic = Int(bitPattern: message.pointee._private)
        guard accepted.indices.contains(topic), partition >= 0 else { return }
        while accepted[topic].count <= Int(partition) { accepted[topic].append(0) }
        accepted[topic][Int(partition)] += 1
        return
      }
      failed += 1
      guard firstFailure == nil else { return }
      let topic = message.pointee.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? "?"
      let offset = message.pointee.offset
      firstFailure = (
        message.pointee.err,
        (partition < 0 ? topic : "\(topic)/\(partition)") + (offset < 0 ? "" : " offset \(offset)")
      )
    }
  }

  init(brokers: String, properties: [String: String], topics names: [String])
    throws(EventLogError)
  {
    let deliveries = Deliveries(topics: names.count)
    let client = try KafkaClient(
      RD_KAFKA_PRODUCER, brokers: brokers, properties: [Self.properties, properties],
      troubles: deliveries
    ) { configuration in
      rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
        guard let message, let opaque else { return }
        let troubles = Unmanaged<KafkaTroubles>.fromOpaque(opaque).takeUnretainedValue()
        unsafeDowncast(troubles, to: Deliveries.self).note(message)
      }
    }
    var topics: [OpaquePointer] = []
    do throws(EventLogError) {
      for name in names {
        guard let topic = rd_kafka_topic_new(client.handle, name, nil) else {
          throw client.error(rd_kafka_last_error(), "cannot write \(name)")
        }
        topics.append(topic)
      }
    } catch {
      for topic in topics { rd_kafka_topic_destroy(topic) }
      throw error
    }
    self.deliveries = deliveries
    self.client = client
    self.topics = topics
  }

  deinit {
    for topic in topics { rd_kafka_topic_destroy(topic) }
    // Records that were not flushed are dropped, as in a crash: their delivery reports would come when this
    // object is gone.
    rd_kafka_purge(client.handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
    rd_kafka_poll(client.handle, 0)
  }

  /// Queues one record, with the present as its time: by that Kafka's retention counts, and history would be
  /// gone as soon as it is written. `topic` is the index into the list that the producer was made with.
  func append(
    topic: Int, key: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
  ) throws(EventLogError) {
    while true {
      let code = produce(topic, key, payload)
      switch code {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        sinceServed += 1
        if sinceServed >= Self.serveInterval {
          sinceServed = 0
          rd_kafka_poll(client.handle, 0)
          try checkDeliveries()
        }
        return
      case RD_KAFKA_RESP_ERR__QUEUE_FULL:
        // The brokers are slower than we are: wait for deliveries to make room.
        rd_kafka_poll(client.handle, 100)
        try checkDeliveries()
      default:
        throw client.error(
          code, "cannot write to \(String(cString: rd_kafka_topic_name(topics[topic])))")
      }
    }
  }

  private func produce(
    _ topic: Int, _ key: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer
  ) -> rd_kafka_resp_err_t {
    // An empty key is not the same as none, which would go to any partition.
    withUnsafeBytes(of: 0 as UInt8) { nothing in
      func produce(_ source: UnsafeRawBufferPointer?) -> rd_kafka_resp_err_t {
        polyrhythm_produce(
          client.handle, topics[topic], key.baseAddress ?? nothing.baseAddress, key.count,
          payload.baseAddress ?? nothing.baseAddress, payload.count,
          UnsafeMutableRawPointer(bitPattern: topic), KafkaSources.header, source?.baseAddress,
          source?.count ?? 0)
      }
      guard let headers, topic < headers.count else { return produce(nil) }
      return headers[topic].withUnsafeBytes { produce($0) }
    }
  }

  /// Says which source the records from now on are of, and counts them anew. Call when all is flushed.
  /// - Parameter headers: by topic: the value of the header that says so; those beyond have none. nil: of none.
  func setSource(_ headers: [String]?) {
    self.headers = headers?.map { Array($0.utf8) }
    for topic in deliveries.accepted.indices { deliveries.accepted[topic] = [] }
  }

  /// Records of the present source that the brokers have accepted.
  func accepted(topic: Int, partition: Int32) -> Int64 {
    let counts = deliveries.accepted[topic]
    return counts.indices.contains(Int(partition)) ? counts[Int(partition)] : 0
  }

  /// Returns once all in-sync replicas have everything.
  func flush() throws(EventLogError) {
    while rd_kafka_outq_len(client.handle) > 0 {
      rd_kafka_flush(client.handle, 1000)
      try checkFatal()
    }
    try checkDeliveries()
  }

  private func checkDeliveries() throws(EventLogError) {
    try checkFatal()
    guard let failure = deliveries.firstFailure else { return }
    let count = deliveries.failed
    deliveries.firstFailure = nil
    deliveries.failed = 0
    throw client.error(
      failure.code, "\(count) records were not accepted, the first for \(failure.place)")
  }

  /// After an error that breaks the promise of once and in order, the producer takes nothing more.
  private func checkFatal() throws(EventLogError) {
    var text = [CChar](repeating: 0, count: 512)
    let code = rd_kafka_fatal_error(client.handle, &text, text.count)
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
    throw EventLogError(
      .io,
      "Kafka at \(client.brokers) ended the idempotent producer: \(KafkaClient.string(text)); open "
        + "the log again")
  }
}
