/// Writes topics of Kafka, and remembers there what its sources have given.
final class KafkaWriter: LogWriter {
  private let producer: KafkaProducer
  let sources: SourceJournal?

  /// - Parameter partitions: by topic, then partition.
  init(
    _ log: KafkaLog, partitions: [[TopicPartition]], producer: KafkaProducer,
    remembersSources: Bool
  ) {
    self.producer = producer
    sources =
      remembersSources
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
