import EventLog
import EventModel
import Feed
import StarSchema
import Warehouse

/// Judges the events that came outside the kernels' window of memory (later than allowed, or more
/// than a day ahead): finds those that are new, and recognises redeliveries, however old they are.
///
/// An event that was counted before was counted in one of three ways:
/// - By a load. Then it is a fact.
/// - Outside the window since the last load. Then `speed.late_event` has its identity.
/// - In time since the last load. Then it lies in a known stretch of the log: after the last mark whose
///   farthest time is before the event's own time, and before the first mark whose event time is later than
///   the event by more than the allowed lateness.
///
/// Facts and `speed.late_event` are read in one snapshot, so that an event that a load is just publishing
/// is found in one of them.
///
/// The cost falls on such events alone: a snapshot with a few look-ups for each flush that has any, and
/// one reading of the log as far back as their times reach (see `LogStretches`).
final class LateEvents {
  /// An event that was counted.
  struct Counted: Sendable {
    var source: TopicPartition
    var identity: Int64
    /// Milliseconds since 1970.
    var ts: Int64
    /// False where the log has dropped some of the stretch in which the event could have come before.
    var isCertain: Bool
  }

  /// What came of some records.
  struct Judgement {
    /// One for each record, in the same order.
    var verdicts: [DeferredVerdict] = []
    /// The events that are new, to be remembered by the flush that counts them.
    var counted: [Counted] = []
  }

  private struct Candidate {
    var record: DeferredRecord
    /// Of the record, among those that are judged.
    var index: Int
    var identity: Int64
    var fact: KnownFacts.Identity
    var ts: Int64 { fact.ts }
  }

  private let log: any EventLog
  private let library: SQLLibrary
  private let connection: Connection
  private let allowedLatenessMs: Int64
  private let decoder = EventDecoder()
  private var stretches: LogStretches
  private let sign: () -> Void
  /// The identities that the last calls of `judge` have counted, the latest call last: their flushes may not
  /// be committed yet.
  private var uncommitted: [Set<Int64>] = []

  /// Flushes that are not committed yet, at most: one is being committed, one waits, and one is being made.
  private static let uncommittedMax = 3
  /// Events that are looked up one by one in one statement, between two signs of work.
  private static let lookUpsAtOnce = 500

  /// - Parameters:
  ///   - connection: only the thread that calls `judge` may use it.
  ///   - sign: called again and again while the work proceeds, as many late events take a while.
  init(
    log: any EventLog, library: SQLLibrary, connection: Connection, allowedLatenessMs: Int64,
    sign: @escaping () -> Void = {}
  ) {
    self.log = log
    self.library = library
    self.connection = connection
    self.allowedLatenessMs = allowedLatenessMs
    self.sign = sign
    stretches = LogStretches(log: log, sign: sign)
  }

  /// Says which of the records are new.
  /// - Parameters:
  ///   - records: what the feed has deferred since the last call. The caller counts the new ones.
  ///   - identity: the number by which the kernels know an event.
  /// - Returns: a verdict for each record, and the events to count; the flush with their rows must also write
  ///   those to `speed.late_event`.
  func judge(_ records: [DeferredRecord], identity: (Event) -> Int64) throws -> Judgement {
    let judgement = records.isEmpty ? Judgement() : try judgeSome(records, identity)
    uncommitted.append(Set(judgement.counted.map(\.identity)))
    if uncommitted.count > Self.uncommittedMax { uncommitted.removeFirst() }
    return judgement
  }

  private func judgeSome(_ records: [DeferredRecord], _ identity: (Event) -> Int64) throws
    -> Judgement
  {
    // In order of time, and so of the stretches, each of which is then read once. Of two deliveries of one
    // event the first one counts.
    let candidates = try records.enumerated().map { index, record in
      let event = try decoder.decode(record)
      return Candidate(
        record: record, index: index, identity: identity(event), fact: KnownFacts.Identity(event))
    }
    .sorted { ($0.ts, $0.record.offset) < ($1.ts, $1.record.offset) }
    // These sets are read before the snapshot is taken: an event that has left them is committed by then, and
    // the snapshot has it.
    var known = uncommitted.reduce(into: Set<Int64>()) { $0.formUnion($1) }
    var stretchesOf: [TopicPartition: Stretches] = [:]
    try connection.transaction(.snapshot) {
      for (topic, part) in Dictionary(grouping: candidates, by: \.record.topic) {
        known.formUnion(try remembered(topic, part))
        known.formUnion(try loaded(topic, part))
      }
      let offsets = try loadedOffsets()
      for source in Set(candidates.map(\.record.source)) {
        stretchesOf[source] = Stretches(
          loaded: offsets[source] ?? 0, marks: try marks(of: source))
      }
    }
    var judgement = Judgement()
    judgement.verdicts = Array(repeating: .redelivered, count: records.count)
    for candidate in candidates {
      let source = candidate.record.source
      var isRedelivery = !known.insert(candidate.identity).inserted
      var isCertain = true
      if !isRedelivery, let stretches = stretchesOf[source] {
        let stretch = stretches.stretch(
          of: candidate.ts, lateness: allowedLatenessMs, before: candidate.record.offset)
        isCertain = try self.stretches.isWhole(stretch, of: source)
        isRedelivery = try hasCome(
          candidate, in: stretch, marks: stretches.offsets, identity)
      }
      if isRedelivery { continue }
      judgement.verdicts[candidate.index] = .new
      judgement.counted.append(
        Counted(
          source: source, identity: candidate.identity, ts: candidate.ts, isCertain: isCertain))
    }
    return judgement
  }

  // MARK: What the database knows

  private func remembered(_ topic: Topic, _ candidates: [Candidate]) throws -> [Int64] {
    let rows = try connection.run(
      library.sql("speed/late_events_known"),
      [.text(topic.name), .intArray(candidates.map(\.identity))])
    return try (0..<rows.count).map { try rows.int($0, 0) }
  }

  private func loaded(_ topic: Topic, _ candidates: [Candidate]) throws -> [Int64] {
    let facts = KnownFacts(connection: connection, library: library)
    let table = FactPlace(FactTable(topic).qualifiedName)
    var found: [Int64] = []
    var scattered: [Candidate] = []
    for part in Dictionary(grouping: candidates, by: { $0.ts / KnownFacts.dayMs }).values {
      guard part.count > KnownFacts.few else {
        scattered += part
        continue
      }
      sign()
      for index in try facts.indices(of: part.map(\.fact), in: table) {
        found.append(part[index].identity)
      }
    }
    for start in stride(from: 0, to: scattered.count, by: Self.lookUpsAtOnce) {
      sign()
      let part = scattered[start..<min(start + Self.lookUpsAtOnce, scattered.count)]
      for index in try facts.indicesByIndex(of: part.map(\.fact), in: table) {
        found.append(part[start + index].identity)
      }
    }
    return found
  }

  private func loadedOffsets() throws -> [TopicPartition: Int64] {
    try connection.run(library.sql("speed/loaded_offsets")).offsets()
  }

  private func marks(of source: TopicPartition) throws -> [WatermarkMarks.Mark] {
    let rows = try connection.run(
      library.sql("speed/read_marks"), [.text(source.topic), .int(Int64(source.partition))])
    return try (0..<rows.count).map {
      WatermarkMarks.Mark(
        source: source, nextOffset: try rows.int($0, 0), greatest: try rows.int($0, 1),
        farthest: try rows.int($0, 2))
    }
  }

  // MARK: What the log knows

  /// Whether the event came before, in a stretch of the log that is not loaded yet.
  /// - Parameter stretch: ends at the candidate's own offset at the latest.
  private func hasCome(
    _ candidate: Candidate, in stretch: Range<Int64>, marks: [Int64],
    _ identity: (Event) -> Int64
  ) throws -> Bool {
    try stretches.hold(
      candidate.identity, stretch, of: candidate.record.source, marks: marks
    ) { record in
      // A record that cannot be decoded is in quarantine, and is no event.
      guard let event = try? self.decoder.decode(record, as: candidate.record.topic) else {
        return nil
      }
      return identity(event)
    }
  }
}

/// The stretches of one partition in which an event of a given time can have come in time.
private struct Stretches {
  /// The events of all records below this offset are facts.
  let loaded: Int64
  /// In order of offset.
  let marks: [WatermarkMarks.Mark]
  /// The offsets of the marks.
  let offsets: [Int64]

  init(loaded: Int64, marks: [WatermarkMarks.Mark]) {
    self.loaded = loaded
    self.marks = marks
    offsets = marks.map(\.nextOffset)
  }

  /// - Parameters:
  ///   - ts: the event's time, milliseconds since 1970.
  ///   - lateness: the allowed lateness in milliseconds.
  ///   - offset: the event's own offset, where its stretch ends at the latest.
  func stretch(of ts: Int64, lateness: Int64, before offset: Int64) -> Range<Int64> {
    let first = marks.last { $0.farthest < ts }?.nextOffset ?? 0
    let last = min(marks.first { $0.greatest > ts + lateness }?.nextOffset ?? offset, offset)
    let start = max(loaded, first)
    let stretch = start..<max(start, last)
    assert(
      stretch.isEmpty || stretch.upperBound <= offset,
      "\(stretch) reaches beyond the record at \(offset) that asks")
    return stretch
  }
}
