/// Writes topics of Kafka, and remembers there what its sources have given.
final class KafkaWriter: LogWriter {
  private let producer: KafkaProducer
  private let url: String
  private var isClosed = false
  let sources: SourceJournal?
  let whyNoSources: EventLogError?

  /// - Parameter partitions: by topic, then partition.
  init(
    _ log: KafkaLog, partitions: [[TopicPartition]], producer: KafkaProducer,
    whyNoSources: EventLogError?
  ) {
    self.producer = producer
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
    try producer.append(topic: topic, key: key, payload: payload)
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
