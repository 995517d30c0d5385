import EventModel
import Feed
import StarSchema
import Warehouse

/// Judges the records that came outside the kernels' window of memory: looks up which of their events the
/// warehouse, or this load's own stage, has already.
struct OutOfWindow {
  /// Records to be judged at a time: so many are held in memory with their bytes.
  static let chunk = 100_000

  private struct Key: Hashable {
    var topic: Topic
    var identity: KnownFacts.Identity

    init(_ event: Event) {
      topic = event.topic
      identity = KnownFacts.Identity(event)
    }

    var part: FactWriter.Part {
      FactWriter.Part(fact: FactTable(topic), day: CalendarDay(milliseconds: identity.ts))
    }
  }

  private let facts: KnownFacts
  private let decoder = EventDecoder()
  /// The events found to be new so far: the first of two that are the same counts.
  private var new = Set<Key>()

  init(connection: Connection, library: SQLLibrary) {
    facts = KnownFacts(connection: connection, library: library)
  }

  /// Says of each record whether its event is to be counted.
  /// - Parameter tables: where the facts of a part may be: tables with their schema. What was found new
  ///   by earlier calls need not be there.
  mutating func judge(_ records: [DeferredRecord], tables: (FactWriter.Part) -> [String]) throws
    -> [DeferredVerdict]
  {
    let keys = try records.map { Key(try decoder.decode($0)) }
    let known = try lookUp(Set(keys), tables)
    return keys.map { key in
      !known.contains(key) && new.insert(key).inserted ? .new : .redelivered
    }
  }

  private func lookUp(_ keys: Set<Key>, _ tables: (FactWriter.Part) -> [String]) throws -> Set<Key>
  {
    var known = Set<Key>()
    for (part, ofPart) in Dictionary(grouping: keys, by: \.part) {
      for table in tables(part) {
        let indices = try facts.indices(
          of: ofPart.map(\.identity), day: Int64(part.day.number), in: table)
        for index in indices { known.insert(ofPart[index]) }
      }
    }
    return known
  }
}
