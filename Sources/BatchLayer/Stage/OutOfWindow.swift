import EventLog
import EventModel
import Feed
import Metrics
import StarSchema
import Warehouse

/// Settles the records that came outside the kernels' window of memory: reads them again, looks up
/// which of them the warehouse (or this load's own stage) has already, and counts the others.
///
/// Out-of-window events touch no kernel state, so that they can be counted after everything else.
struct OutOfWindow {
  let connection: Connection
  let library: SQLLibrary
  let lake: any EventLog
  /// Records looked up at a time.
  private static let chunk = 100_000

  private struct Key: Hashable {
    var topic: Topic
    var identity: KnownFacts.Identity

    init(_ event: Event) {
      topic = event.topic
      identity = KnownFacts.Identity(event)
    }
  }

  /// - Parameters:
  ///   - tables: where the facts of a part may be: tables with their schema.
  ///   - flush: makes what has been counted so far visible to the look-ups.
  func settle(
    _ feed: KernelFeed, tables: (FactWriter.Part) -> [String], flush: () throws -> Void
  ) throws {
    let decoder = EventDecoder()
    var counted = Set<Key>()
    for (source, offsets) in feed.deferred.sorted(by: { $0.key < $1.key }) {
      guard let topic = Topic(name: source.topic), let kernel = feed.kernel(of: source.partition)
      else { continue }
      for start in stride(from: 0, to: offsets.count, by: Self.chunk) {
        let part = Array(offsets[start..<min(start + Self.chunk, offsets.count)])
        var keys: [Key] = []
        try read(source, part, decoder) { keys.append(Key($0)) }
        let known = try lookUp(topic, Set(keys), tables)
        var redelivered = 0
        try read(source, part, decoder) { event in
          let key = Key(event)
          if known.contains(key) || !counted.insert(key).inserted {
            redelivered += 1
          } else {
            kernel.foldOutOfWindow(event)
          }
        }
        feed.settleDeferred(topic, counted: part.count - redelivered, redelivered: redelivered)
        try flush()
      }
    }
  }

  /// The records at the offsets, which are in order.
  private func read(
    _ source: TopicPartition, _ offsets: [Int64], _ decoder: EventDecoder,
    _ body: (Event) throws -> Void
  ) throws {
    guard let first = offsets.first else { return }
    let reader = try lake.reader(of: source, from: first)
    let batch = RecordBatch()
    var next = 0
    while next < offsets.count {
      guard try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 1000) > 0 else {
        throw EventLogError(
          .damaged, "\(lake.url): \(source) has no record at offset \(offsets[next]) any more")
      }
      for index in 0..<batch.count where next < offsets.count {
        guard batch.entries[index].offset == offsets[next] else { continue }
        next += 1
        guard let topic = Topic(name: source.topic) else { continue }
        try body(try decoder.decode(batch[index], as: topic))
      }
    }
  }

  private func lookUp(
    _ topic: Topic, _ keys: Set<Key>, _ tables: (FactWriter.Part) -> [String]
  ) throws -> Set<Key> {
    let fact = FactTable(topic)
    let facts = KnownFacts(connection: connection, library: library)
    var known = Set<Key>()
    for (day, ofDay) in Dictionary(
      grouping: keys, by: { CalendarDay(milliseconds: $0.identity.ts) })
    {
      for table in tables(FactWriter.Part(fact: fact, day: day)) {
        let indices = try facts.indices(
          of: ofDay.map(\.identity), day: Int64(day.number), in: table)
        for index in indices { known.insert(ofDay[index]) }
      }
    }
    return known
  }
}
