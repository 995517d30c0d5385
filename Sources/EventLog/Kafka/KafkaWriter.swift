/// Writes topics of Kafka, and remembers there what its sources have given.
final class KafkaWriter: LogWriter {
  private let producer: KafkaProducer
  let sources: SourceJournal?
  let whyNoSources: EventLogError?

  /// - Parameter partitions: by topic, then partition.
  init(
    _ log: KafkaLog, partitions: [[TopicPartition]], producer: KafkaProducer,
    whyNoSources: EventLogError?
  ) {
    self.producer = producer
    self.whyNoSources = whyNoSources
    sources =
      whyNoSources == nil
      ? SourceJournal(KafkaSources(log, partitions: partitions, producer: producer)) : nil
  }

  func append(
    topic: Int, key: UnsafeRawBufferPointer, timestamp: Int64, payload: UnsafeRawBufferPointer
  ) throws(EventLogError) {
    try producer.append(topic: topic, key: key, timestamp: timestamp, payload: payload)
  }

  func flush() throws(EventLogError) { try producer.flush() }

  func close() throws(EventLogError) { try flush() }
}
