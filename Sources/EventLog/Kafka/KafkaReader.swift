import CRdKafka
import Glibc

/// Reads one partition of Kafka from an offset on, without a consumer group: offsets are the
/// caller's to keep.
final class KafkaReader: LogReader {
  let partition: TopicPartition
  private(set) var position: Int64

  private let log: KafkaLog
  private let client: KafkaClient
  private let topic: OpaquePointer
  /// nil: all records are this reader's.
  private let filter: KindFilter?
  /// Bytes of records that the present read has passed over, as they are of other kinds.
  private var passedBytes = 0
  /// The partition's queue in librdkafka, and whether it has something.
  private let queue: OpaquePointer?
  private let sign = KafkaSign()
  private var passes = 0
  private var messages: [UnsafeMutablePointer<rd_kafka_message_t>?]
  /// What ended the reading; thrown once the records before it were given.
  private var failure: EventLogError?
  /// When the brokers last showed that they are there.
  private var lastSign = ContinuousClock.now

  /// Messages taken from librdkafka at once.
  private static let messagesMax = 512
  /// Reads without waiting that are passed over where there is no sign. Then librdkafka is asked all the same, so that a sign
  /// that it should fail to give holds nothing up for good.
  private static let passesMax = 64
  /// Without a message for so long, the brokers are asked whether they are still there.
  private static let silenceMax = Duration.seconds(10)

  /// - Parameters:
  ///   - name: what Kafka calls the topic.
  ///   - filter: where the topic holds several kinds of records, which of them are this reader's.
  ///   - bounds: of the partition, as they are now.
  init(
    _ log: KafkaLog, _ client: KafkaClient, _ partition: TopicPartition, named name: String,
    filter: KindFilter? = nil, from offset: Int64, within bounds: LogBounds
  ) throws(EventLogError) {
    guard offset <= bounds.end else { throw Self.beyondEnd(offset, bounds, partition, log) }
    guard offset >= bounds.start else {
      throw LostRange(partition, offset..<bounds.start).error(in: log.url)
    }
    guard let topic = rd_kafka_topic_new(client.handle, name, nil) else {
      throw client.error(rd_kafka_last_error(), "cannot read \(partition)")
    }
    self.log = log
    self.client = client
    self.partition = partition
    self.topic = topic
    self.filter = filter
    position = offset
    messages = Array(repeating: nil, count: Self.messagesMax)
    guard rd_kafka_consume_start(topic, partition.partition, position) == 0 else {
      let error = client.error(rd_kafka_last_error(), "cannot read \(partition)")
      isStarted = false
      queue = nil
      throw error
    }
    queue = rd_kafka_queue_get_partition(client.handle, name, partition.partition)
    if let queue { sign.attach(to: queue) }
  }

  private static func beyondEnd(
    _ offset: Int64, _ bounds: LogBounds, _ partition: TopicPartition, _ log: KafkaLog
  ) -> EventLogError {
    EventLogError(
      .damaged,
      "\(partition) in \(log.url) ends at offset \(bounds.end), before \(offset) where "
        + "reading was to begin; records were lost, or this is another topic than before")
  }

  private var isStarted = true

  deinit {
    if let queue {
      KafkaSign.detach(from: queue)
      rd_kafka_queue_destroy(queue)
    }
    if isStarted {
      rd_kafka_consume_stop(topic, partition.partition)
      log.giveBack(client, partition)
    }
    rd_kafka_topic_destroy(topic)
  }

  func read(into batch: RecordBatch, maxBytes: Int, waitMilliseconds: Int) throws(EventLogError)
    -> Int
  {
    try read(
      into: batch, maxBytes: maxBytes, waitMilliseconds: waitMilliseconds, onMessage: { _ in })
  }

  /// - Parameter onMessage: gets each record's message, with what a batch has no place for.
  func read(
    into batch: RecordBatch, maxBytes: Int, waitMilliseconds: Int,
    onMessage: (UnsafePointer<rd_kafka_message_t>) -> Void
  ) throws(EventLogError) -> Int {
    batch.entries.removeAll(keepingCapacity: true)
    batch.timestamps.removeAll(keepingCapacity: true)
    batch.nextOffset = position
    if let failure { throw failure }
    // Without a queue there is no sign, and librdkafka is asked each time.
    if waitMilliseconds == 0, queue != nil, !sign.isRaised, passes < Self.passesMax {
      passes += 1
      return 0
    }
    passes = 0
    passedBytes = 0
    sign.lower()
    var isDrained = false
    var bytes = 0
    let deadline = ContinuousClock.now + .milliseconds(waitMilliseconds)
    repeat {
      let left = (deadline - ContinuousClock.now) / .milliseconds(1)
      // The end of the partition comes as a message too; the wait goes on after it.
      guard
        let first = rd_kafka_consume(topic, partition.partition, max(0, Int32(left.rounded(.up))))
      else {
        isDrained = true
        break
      }
      messages[0] = first
      batch.reserve(maxBytes)
      let limit = passedBytes + maxBytes
      take(1, into: batch, &bytes, onMessage)
      isDrained = false
      while !batch.entries.isEmpty || passedBytes > 0, failure == nil, bytes + passedBytes < limit {
        let count = rd_kafka_consume_batch(
          topic, partition.partition, 0, &messages, messages.count)
        if count <= 0 {
          isDrained = true
          break
        }
        take(count, into: batch, &bytes, onMessage)
      }
      // Records of other kinds end the wait as little as the end of the partition does.
    } while batch.entries.isEmpty && failure == nil
      && (passedBytes < maxBytes || ContinuousClock.now < deadline)
    // The sign is raised by a queue that was empty, and so not by this one.
    if !isDrained { sign.raise() }
    if !batch.entries.isEmpty || passedBytes > 0 {
      lastSign = .now
    } else if let failure {
      throw failure
    } else if waitMilliseconds > 0 {
      try checkBrokers()
    }
    batch.nextOffset = position
    return batch.count
  }

  /// Copies messages into the batch and gives them back to librdkafka.
  private func take(
    _ count: Int, into batch: RecordBatch, _ bytes: inout Int,
    _ onMessage: (UnsafePointer<rd_kafka_message_t>) -> Void
  ) {
    for index in 0..<count {
      guard let message = messages[index] else { continue }
      defer { rd_kafka_message_destroy(message) }
      guard failure == nil else { continue }
      switch message.pointee.err {
      case RD_KAFKA_RESP_ERR_NO_ERROR where message.pointee.payload == nil:
        // A tombstone has no bytes to give: its offset is one without a record.
        onMessage(message)
        position = message.pointee.offset + 1
        lastSign = .now
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        position = message.pointee.offset + 1
        let record = UnsafeRawBufferPointer(
          start: message.pointee.payload, count: message.pointee.len)
        switch filter?.verdict(record) ?? .own {
        case .own: add(record, of: message, to: batch, &bytes)
        case .stray:
          filter?.kinds.marked(record).withUnsafeBytes { add($0, of: message, to: batch, &bytes) }
        case .other:
          passedBytes += max(1, record.count)
          continue
        }
        onMessage(message)
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        position = max(position, message.pointee.offset)
        lastSign = .now
      default:
        failure = error(message.pointee.err)
      }
    }
  }

  @inline(__always)
  private func add(
    _ record: UnsafeRawBufferPointer, of message: UnsafePointer<rd_kafka_message_t>,
    to batch: RecordBatch, _ bytes: inout Int
  ) {
    let count = record.count
    batch.reserve(bytes + count, keeping: bytes)
    if let start = record.baseAddress, count > 0 { memcpy(batch.storage + bytes, start, count) }
    batch.entries.append(.init(offset: message.pointee.offset, start: bytes, count: count))
    var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    let time = rd_kafka_message_timestamp(message, &type)
    batch.timestamps.append(
      type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? RecordBatch.unknownTimestamp : time)
    bytes += count
  }

  /// librdkafka reconnects for ever and without a word; so silence is checked.
  private func checkBrokers() throws(EventLogError) {
    guard ContinuousClock.now - lastSign > Self.silenceMax else { return }
    _ = try log.bounds(of: partition)
    lastSign = .now
  }

  /// Where the offset is not in the log any more, retention has overtaken this reader.
  private func error(_ code: rd_kafka_resp_err_t) -> EventLogError {
    let error = client.readError(code, "cannot read \(partition) at offset \(position)")
    guard error.code == .damaged else { return error }
    do throws(EventLogError) {
      let bounds = try log.bounds(of: partition)
      if position > bounds.end { return Self.beyondEnd(position, bounds, partition, log) }
      // The offset is there after all: another leader answers than the one that did not have it.
      guard position < bounds.start else { return EventLogError(.unavailable, error.message) }
      let since =
        DirectoryOptions().clock() - Int64((ContinuousClock.now - lastSign) / .milliseconds(1))
      return LostRange(partition, position..<bounds.start, since: since).error(in: log.url)
    } catch {
      return error
    }
  }
}
