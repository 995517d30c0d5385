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
  /// Says of a part that this load leaves as it is how many of its out-of-window events are new, before the first of them is
  /// counted; nil where its facts can be looked up. Where this is nil itself, those of all parts can.
  var newOfLeftOut: ((FactWriter.Part) throws -> Int?)?
  /// How many events of each part may still be new.
  private var left: [FactWriter.Part: Int] = [:]

  init(connection: Connection, library: SQLLibrary) {
    facts = KnownFacts(connection: connection, library: library)
  }

  /// Where facts may be, tables with their schema.
  struct Tables {
    /// The staged table of a part; nil where there is none.
    var staged: (FactWriter.Part) -> String?
    /// The partitions that have the facts of earlier loads; several parts may share one.
    var published: [FactWriter.Part: String]
    /// The table that all of these belong to, by fact.
    var whole: (FactTable) -> String
    /// The rollup that counts the facts of earlier loads by hour and user; nil where there are none.
    var hoursOfUsers: String?
  }

  /// Partitions up to which each is asked by itself: PostgreSQL looks at all of them to plan a question to the whole.
  private static let fewPartitions = 100

  /// Says of each record whether its event is to be counted.
  /// - Parameter tables: what was found new by earlier calls need not be there.
  mutating func judge(_ records: [DeferredRecord], tables: Tables) throws -> [DeferredVerdict] {
    let keys = try records.map { Key(try decoder.decode($0)) }
    let known = try lookUp(Set(keys), tables)
    return try keys.map { key in
      guard !known.contains(key), !new.contains(key), try takesOneMore(key.part) else {
        return .redelivered
      }
      new.insert(key)
      return .new
    }
  }

  private mutating func takesOneMore(_ part: FactWriter.Part) throws -> Bool {
    guard let count = newOfLeftOut else { return true }
    if left[part] == nil { left[part] = try count(part) ?? Int.max }
    guard let room = left[part], room > 0 else { return false }
    left[part] = room - 1
    return true
  }

  private func lookUp(_ keys: Set<Key>, _ tables: Tables) throws -> Set<Key> {
    var known = Set<Key>()
    func note(_ keys: [Key], _ found: [Int]) { for index in found { known.insert(keys[index]) } }
    var inPlaces: [FactPlace: [Key]] = [:]
    var published: [FactPlace: (whole: FactPlace, keys: [Key])] = [:]
    func look(_ keys: [Key], for part: FactWriter.Part, _ place: (String) -> FactPlace) {
      if let table = tables.staged(part) { inPlaces[place(table), default: []] += keys }
      if let table = tables.published[part] {
        published[place(table), default: (place(tables.whole(part.fact)), [])].keys += keys
      }
    }
    for (part, ofPart) in Dictionary(grouping: keys, by: \.part) {
      look(ofPart, for: part) { FactPlace($0) }
      if part.fact == .pageView {
        look(ofPart, for: FactWriter.Part(fact: .listen, day: part.day)) {
          .pageViews(inPlays: $0)
        }
      }
    }
    var scattered: [FactPlace: (whole: FactPlace, keys: [Key])] = [:]
    for (place, found) in published {
      if found.keys.count > KnownFacts.few {
        inPlaces[place, default: []] += found.keys
      } else {
        scattered[place] = found
      }
    }
    for (place, keys) in inPlaces {
      note(keys, try facts.indices(of: keys.map(\.identity), in: place))
    }
    for (place, keys) in try places(of: scattered, tables) {
      note(keys, try facts.indicesByIndex(of: keys.map(\.identity), in: place))
    }
    return known
  }

  /// Where to look up those of the scattered events that may be there.
  private func places(
    of scattered: [FactPlace: (whole: FactPlace, keys: [Key])], _ tables: Tables
  ) throws -> [FactPlace: [Key]] {
    var seen: Set<Key>?
    if let hours = tables.hoursOfUsers {
      let keys = Array(Set(scattered.values.flatMap(\.keys)))
      seen = Set(
        try facts.indicesOfSeen(keys.map(\.identity), in: hours).map { keys[$0] })
    }
    let left = scattered.mapValues { found in
      (found.whole, found.keys.filter { seen?.contains($0) ?? true })
    }.filter { !$0.value.1.isEmpty }
    let areFew = left.count <= Self.fewPartitions
    return left.reduce(into: [:]) { places, found in
      let (whole, keys) = found.value
      places[areFew ? found.key : whole, default: []] += keys
    }
  }
}
