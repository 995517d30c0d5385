/// Writes topics of Kafka, and remembers there what its sources have given.
final class KafkaWriter: LogWriter {
  private let producer: KafkaProducer
  private let url: String
  /// By topic: what a record begins with in place of its brace; nil: with the brace.
  private let openings: [[UInt8]?]
  /// A record as it is written, where it begins with something else.
  private var opened: [UInt8] = []
  private var isClosed = false
  let sources: SourceJournal?
  let whyNoSources: EventLogError?

  /// - Parameters:
  ///   - partitions: by topic, then partition.
  ///   - openings: by topic: what stands in place of a record's brace, in a topic that holds several kinds.
  init(
    _ log: KafkaLog, partitions: [[TopicPartition]], openings: [[UInt8]?],
    producer: KafkaProducer, whyNoSources: EventLogError?
  ) {
    self.producer = producer
    self.openings = openings
    url = log.url
    self.whyNoSources = whyNoSources
    sources =
      whyNoSources == nil
      ? SourceJournal(KafkaSources(log, partitions: partitions, producer: producer)) : nil
  }

  func append(
    topic: Int, key: UnsafeRawBufferPointer, timestamp: Int64, payload: UnsafeRawBufferPointer
  ) throws(EventLogError) {
    if isClosed { throw closed }
    // What is no object with members stays as it is, and has no kind.
    guard let opening = openings[topic], payload.count > 2, payload[0] == UInt8(ascii: "{") else {
      return try producer.append(topic: topic, key: key, payload: payload)
    }
    opened.removeAll(keepingCapacity: true)
    opened += opening
    opened += UnsafeRawBufferPointer(rebasing: payload[1...])
    let failure = opened.withUnsafeBytes { opened -> EventLogError? in
      do throws(EventLogError) {
        try producer.append(topic: topic, key: key, payload: opened)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  func flush() throws(EventLogError) {
    if isClosed { throw closed }
    try producer.flush()
  }

  func close() throws(EventLogError) {
    if isClosed { return }
    try producer.flush()
    isClosed = true
  }

  private var closed: EventLogError {
    EventLogError(.closed, "\(url) was closed by this writer; open another writer")
  }
}
