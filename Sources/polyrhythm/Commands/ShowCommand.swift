import EventLog
import Foundation
import Support

let showCommand = CommandSpec(
  name: "show",
  summary: "Prints records of the lake with what they came with, one JSON object a line.",
  operands: "TOPIC/PARTITION OFFSET", operandCount: 2...2,
  flags: [
    LocationFlags.lake, LocationFlags.data,
    Flag("--count", "N", "so many records from the offset on (default 1)"),
  ]
) { arguments in
  let source = try source(arguments.operands[0])
  guard let first = Int64(arguments.operands[1]), first >= 0 else {
    throw UsageError("show: \"\(arguments.operands[1])\" is not an offset")
  }
  let count = try arguments.int("--count", in: 1...1_000_000) ?? 1
  let lake = try Locations(arguments).lake()
  guard try lake.partitionCount(of: source.topic) > source.partition else {
    throw CommandError(.noInput, "show: there is no \(source) in \(lake.path)")
  }
  let end = try lake.endOffset(of: source)
  guard first < end else {
    throw CommandError(.noInput, "show: \(source) in \(lake.path) ends at offset \(end)")
  }
  var envelopes = try EnvelopeCursor(lake, source, from: first)
  let reader = try lake.reader(of: source, from: first)
  let batch = RecordBatch()
  var left = count
  while left > 0,
    try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 0) > 0
  {
    for index in 0..<min(left, batch.count) {
      let offset = batch.entries[index].offset
      print(try line(source, offset, envelopes.envelope(at: offset), batch[index]))
    }
    left -= batch.count
  }
}

private func source(_ text: String) throws -> TopicPartition {
  let parts = text.split(separator: "/", omittingEmptySubsequences: false)
  guard parts.count == 2, let number = Int32(parts[1]), number >= 0 else {
    throw UsageError("show: \"\(text)\" is not of the form TOPIC/PARTITION, as listen_events/0")
  }
  return TopicPartition(String(parts[0]), number)
}

/// A record with its place, the members of its envelope, and its bytes as text, or where they are no UTF-8 in base64.
private func line(
  _ source: TopicPartition, _ offset: Int64, _ envelope: [UInt8]?, _ record: UnsafeRawBufferPointer
) throws -> String {
  var line = "{\"topic\":\"\(source.topic)\",\"partition\":\(source.partition),\"offset\":\(offset)"
  if let envelope {
    line += "," + String(decoding: envelope.dropFirst().dropLast(), as: UTF8.self)
  }
  if let text = String(validating: record, as: UTF8.self) {
    let data = try JSONSerialization.data(
      withJSONObject: text, options: [.fragmentsAllowed, .withoutEscapingSlashes])
    return line + ",\"value\":\(String(decoding: data, as: UTF8.self))}"
  }
  return line + ",\"value_base64\":\"\(Data(record).base64EncodedString())\"}"
}

/// Goes along the envelopes of a partition beside its records.
private struct EnvelopeCursor {
  private let reader: (any LogReader)?
  private let batch = RecordBatch()
  private var next = 0

  init(_ lake: DirectoryLog, _ source: TopicPartition, from offset: Int64) throws {
    reader = try lake.envelopes(of: source, from: offset)
  }

  /// - Parameter offset: above that of the last call.
  /// - Returns: nil where the record has no envelope.
  mutating func envelope(at offset: Int64) throws -> [UInt8]? {
    guard let reader else { return nil }
    while true {
      while next < batch.count, batch.entries[next].offset < offset { next += 1 }
      if next < batch.count {
        return batch.entries[next].offset == offset ? Array(batch[next]) : nil
      }
      next = 0
      guard try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 0) > 0 else {
        return nil
      }
    }
  }
}
