import CRdKafka
import Foundation

/// What Kafka knows of its sources: in the compacted topic `polyrhythm_sources`, and in a header of each
/// record that says which source gave it.
///
/// Several may write at once. What a source that died has given is what has its header since the
/// offsets where it began, counted when it is taken up again. A writer that was frozen at that moment and
/// wakes up later is not held back: its records are in the log twice, and count once as redeliveries do.
final class KafkaSources: SourceStore {
  static let topic = "polyrhythm_sources"
  /// Its value is the source's id.
  static let header = "polyrhythm-source"

  let partitions: [[TopicPartition]]
  private let log: KafkaLog
  private let producer: KafkaProducer

  private static let batchBytes = 1 << 20
  private static let patienceMilliseconds = 1000

  /// A message of the topic.
  private enum Entry: Codable {
    case source(SourceRecord)
    case progress(id: String, extent: Int64, check: String)

    /// What compaction keeps the last one of.
    var key: String {
      switch self {
      case .source(let record): record.id
      case .progress(let id, _, _): "\(id) progress"
      }
    }
  }

  init(_ log: KafkaLog, partitions: [[TopicPartition]], producer: KafkaProducer) {
    self.log = log
    self.partitions = partitions
    self.producer = producer
  }

  func known(_ prefix: String) throws(EventLogError) -> [SourceRecord] {
    // A source that was saved but has given no record since may still be in the producer's queue.
    try producer.flush()
    var records: [Int: SourceRecord] = [:]
    var reached: [String: (extent: Int64, check: String)] = [:]
    func number(_ id: String) -> Int? {
      SourceRecord.number(of: id).flatMap { id == "\(prefix)-\($0)" ? $0 : nil }
    }
    try readEntries { key, entry in
      switch entry {
      case .source(let record):
        if let number = number(record.id) { records[number] = record }
      case .progress(let id, let extent, let check):
        if extent >= reached[id]?.extent ?? -1 { reached[id] = (extent, check) }
      case nil:
        if let number = number(key) { records[number] = nil }
      }
    }
    var found: [SourceRecord] = []
    for (_, record) in records.sorted(by: { $0.key < $1.key }) {
      var record = record
      if !record.isFinished {
        if !record.start.isEmpty { record = try count(record) }
        if let reached = reached[record.id], reached.extent >= record.extent {
          record.extent = reached.extent
          record.check = reached.check
        }
      }
      found.append(record)
    }
    return found
  }

  /// Counts what a source has given since it began.
  private func count(_ record: SourceRecord) throws(EventLogError) -> SourceRecord {
    var record = record
    for partition in partitions.joined() {
      guard let start = record.start[partition.description] else { continue }
      // Asked for before the records are counted, so that the end is not beyond them.
      let end = try end(of: partition)
      var given: Int64 = 0
      let id = Array(log.settings.header(of: record.id, topic: partition.topic).utf8)
      try read(partition, from: start) { message in
        if Self.isOf(id, message) { given += 1 }
      }
      record.settle(partition.description, given: given, end: end)
    }
    try save(record)
    return record
  }

  private static func isOf(_ id: [UInt8], _ message: UnsafePointer<rd_kafka_message_t>) -> Bool {
    var headers: OpaquePointer?
    var value: UnsafeRawPointer?
    var count = 0
    guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR,
      rd_kafka_header_get_last(headers, header, &value, &count) == RD_KAFKA_RESP_ERR_NO_ERROR,
      let value
    else { return false }
    return id.elementsEqual(UnsafeRawBufferPointer(start: value, count: count))
  }

  func save(_ record: SourceRecord) throws(EventLogError) {
    try write(.source(record))
    try producer.flush()
  }

  func close(_ id: String) throws(EventLogError) {}

  func settledEnds() throws(EventLogError) -> [TopicPartition: SourceRecord.End] {
    try producer.flush()
    var ends: [TopicPartition: SourceRecord.End] = [:]
    for partition in partitions.joined() { ends[partition] = try end(of: partition) }
    return ends
  }

  private func end(of partition: TopicPartition) throws(EventLogError) -> SourceRecord.End {
    SourceRecord.End(offset: try log.endOffset(of: partition))
  }

  func holds(_ end: SourceRecord.End, of partition: TopicPartition) throws(EventLogError) -> Bool {
    try log.endOffset(of: partition) >= end.offset
  }

  func attribute(to id: String?) {
    producer.setSource(
      id.map { id in
        partitions.map { log.settings.header(of: id, topic: $0.first?.topic ?? "") }
      })
  }

  func given(_ partition: TopicPartition, since start: Int64) -> Int64 {
    guard let topic = partitions.firstIndex(where: { $0.first?.topic == partition.topic }) else {
      return 0
    }
    return producer.accepted(topic: topic, partition: partition.partition)
  }

  func note(_ id: String, extent: Int64, check: String) throws(EventLogError) {
    try write(.progress(id: id, extent: extent, check: check))
  }

  // MARK: - The topic

  private func write(_ entry: Entry) throws(EventLogError) {
    guard let value = try? JSONEncoder().encode(entry) else { return }
    let key = Array(entry.key.utf8)
    let failure = key.withUnsafeBytes { key in
      value.withUnsafeBytes { value -> EventLogError? in
        do throws(EventLogError) {
          // This topic comes after those of the events.
          try producer.append(topic: partitions.count, key: key, payload: value)
          return nil
        } catch {
          return error
        }
      }
    }
    if let failure { throw failure }
  }

  /// - Parameter body: gets each key with its entry; nil where somebody had the log forget it, as
  ///   compacted topics do, with a record that has no value.
  private func readEntries(_ body: (String, Entry?) -> Void) throws(EventLogError) {
    let decoder = JSONDecoder()
    for number in 0..<(try log.partitionCount(of: Self.topic)) {
      try read(TopicPartition(Self.topic, Int32(number)), from: 0) { message in
        let key = UnsafeRawBufferPointer(
          start: message.pointee.key, count: message.pointee.key_len)
        let name = String(decoding: key, as: UTF8.self)
        guard let payload = message.pointee.payload else { return body(name, nil) }
        let value = Data(bytes: payload, count: message.pointee.len)
        // Others may write to the topic too; what is not understood is passed over.
        if let entry = try? decoder.decode(Entry.self, from: value) { body(name, entry) }
      }
    }
  }

  /// Gives each message from the offset, or from where the partition begins, to its present end.
  private func read(
    _ partition: TopicPartition, from start: Int64,
    _ body: (UnsafePointer<rd_kafka_message_t>) -> Void
  ) throws(EventLogError) {
    let bounds = try log.bounds(of: partition)
    let end = bounds.end
    guard start < end else { return }
    let reader = try log.kafkaReader(
      of: partition, from: max(start, bounds.start), within: bounds, isWhole: true)
    let batch = RecordBatch(capacity: Self.batchBytes)
    while reader.position < end {
      _ = try reader.read(
        into: batch, maxBytes: Self.batchBytes, waitMilliseconds: Self.patienceMilliseconds,
        onMessage: body)
    }
  }
}
