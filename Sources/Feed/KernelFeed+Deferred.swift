import EventLog
import EventModel
import Metrics

/// The records that came outside the window of their partition's watermark. Such a record touches no state
/// of a kernel, so that it can be counted at any time later: the feed hands it out, its caller finds out
/// whether the event is new, and the feed counts what is.
extension KernelFeed {
  /// Keeps a record that a kernel has deferred: its bytes, or where it is.
  func deferRecord(_ record: UnsafeRawBufferPointer, _ input: Input, _ offset: Int64) {
    let source = input.start.source
    if keepsDeferredRecords {
      deferredRecords.append(
        DeferredRecord(source: source, topic: input.topic, offset: offset, raw: Array(record)))
    } else {
      assert(
        deferred[source]?.last ?? -1 < offset,
        "\(source): record \(offset) deferred after record \(deferred[source]?.last ?? -1)")
      deferred[source, default: []].append(offset)
    }
  }

  /// The records deferred since the last call, in the order in which they were read; for a feed that
  /// `keepsDeferredRecords`.
  public func takeDeferredRecords() -> [DeferredRecord] {
    defer { deferredRecords = [] }
    return deferredRecords
  }

  /// Reads records again that were deferred by their offsets.
  /// - Parameter offsets: some of `deferred` of the partition, ascending.
  /// - Throws: `.damaged` where the log has one of the records no more; what the log cannot read.
  public func readDeferred(_ source: TopicPartition, at offsets: ArraySlice<Int64>)
    throws(EventLogError) -> [DeferredRecord]
  {
    guard let first = offsets.first, let topic = Topic(name: source.topic) else { return [] }
    let reader = try log.reader(of: source, from: first)
    let batch = RecordBatch()
    var records: [DeferredRecord] = []
    records.reserveCapacity(offsets.count)
    var left = offsets
    while let next = left.first {
      guard try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 1000) > 0 else {
        throw EventLogError(
          .damaged, "\(log.url): \(source) has no record at offset \(next) any more")
      }
      for index in 0..<batch.count where batch.entries[index].offset == left.first {
        let offset = left.removeFirst()
        records.append(
          DeferredRecord(source: source, topic: topic, offset: offset, raw: Array(batch[index])))
      }
    }
    return records
  }

  /// Counts those of the deferred records that are new, and notes the others as redelivered.
  /// - Parameter verdicts: one for each record, in the same order.
  /// - Throws: where a record is no event, which one that was deferred is.
  public func settleDeferred(_ records: [DeferredRecord], as verdicts: [DeferredVerdict])
    throws(DecodingFailure)
  {
    precondition(
      records.count == verdicts.count,
      "\(verdicts.count) verdicts on \(records.count) deferred records")
    for (record, verdict) in zip(records, verdicts) {
      switch verdict {
      case .redelivered: counts.redelivered += 1
      case .new:
        guard let kernel = kernels[record.source.partition] else {
          preconditionFailure("\(record.source): a record that another feed has deferred")
        }
        let event = try decoder.decode(record)
        kernel.foldOutOfWindow(event)
        counts.count(record.topic)
        counts.countLate(at: event.ts)
      }
    }
  }

  /// The identity that the kernels know an event by: the same in every kernel of every process.
  public func identity(of event: Event) -> Int64 {
    let kernel = inputs.first?.kernel ?? makeKernel()
    return kernel.identity(of: event)
  }
}

extension EventDecoder {
  /// Decodes a record that was deferred. Its text is valid until this decoder's next call.
  /// - Throws: `DecodingFailure`, which does not happen to a record that was decoded before.
  public func decode(_ record: DeferredRecord) throws(DecodingFailure) -> Event {
    try record.raw.withUnsafeBufferPointer { raw throws(DecodingFailure) in
      try decodeUnpadded(UnsafeRawBufferPointer(raw), as: record.topic)
    }
  }
}
