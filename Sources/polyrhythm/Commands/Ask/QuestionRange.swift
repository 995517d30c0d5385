import Foundation
import Support
import Warehouse

/// What a question is asked about: its range, and the rows that answer it.
struct QuestionRange {
  /// Inclusive, milliseconds since 1970-01-01 UTC.
  let from: Int64
  /// Exclusive.
  let to: Int64
  let rung: QuestionRung
  /// What the rows are known to lack, or may still change, in words.
  let note: String

  /// - Parameters:
  ///   - from: as given; nil for the usual number of buckets before `to`.
  ///   - to: as given; nil for the end of what the warehouse has.
  ///   - connection: in a transaction whose time zone is `zone`.
  /// - Throws: `UsageError` where `from` is in the future and `to` is not given.
  init(
    _ question: Question, by bucket: QuestionBucket, from: Int64?, to: Int64?, zone: QuestionZone,
    _ state: QuestionState, _ connection: Connection, _ library: SQLLibrary
  ) throws {
    let readsFacts = question.readsOnlyFacts || bucket == .second
    var end = to ?? (readsFacts ? state.factsEnd : state.end)
    if to == nil, let from, from >= end {
      // Nothing has happened since; the answer is then empty.
      guard from < state.now else {
        throw UsageError("--from: \(ISOTime.text(from)) is in the future; give --to as well")
      }
      end = state.now
    }
    let start =
      try from
      ?? connection.run(
        library.sql("ask/range_start"),
        [
          .text(bucket.rawValue), .timestamp(milliseconds: end),
          .text(bucket.interval(question.usualCount(by: bucket) - 1)),
        ]
      ).int(0, 0)
    var rung = Self.rung(question, bucket, zone, from: start, to: end)
    if rung == .minute, question.needsKeptMinutes, start < state.minutesFrom { rung = .facts }
    let isRounded = !question.places.isEmpty || question.rung != nil
    let width = isRounded ? rung.width : 1
    self.from = CivilDate.floorDivide(start, width) * width
    self.to = -CivilDate.floorDivide(-end, width) * width
    self.rung = rung
    note = readsFacts || rung == .facts ? state.factsNote(self.to) : state.rollupNote(self.to)
  }

  private static func rung(
    _ question: Question, _ bucket: QuestionBucket, _ zone: QuestionZone, from: Int64, to: Int64
  ) -> QuestionRung {
    let widest: QuestionRung =
      switch bucket {
      case .second: .facts
      case .minute: .minute
      case .hour: .hour
      case .day, .week, .month, .quarter, .year: .day
      }
    let limits = [widest, zone.rung(from: from, to: to), question.rung ?? .day]
    return limits.min { $0.width < $1.width } ?? widest
  }
}

/// How far the layers are, all in milliseconds since 1970-01-01 UTC.
struct QuestionState {
  let now: Int64
  /// The end of the last minute with events.
  let end: Int64
  /// Up to when the facts have everything; nil before the first load.
  let factsCover: Int64?
  /// Since when all rollups have minutes.
  let minutesFrom: Int64
  /// Up to when nothing changes any more, but by events that come very late.
  private let finalBefore: Int64

  init(_ connection: Connection, _ library: SQLLibrary) throws {
    now = Int64(Date().timeIntervalSince1970 * 1000)
    let rows = try connection.run(library.sql("ask/state"))
    finalBefore = try rows.timestampMilliseconds(0, rows.column("final_before"))
    minutesFrom =
      try rows.timestampMillisecondsOrNull(0, rows.column("minutes_from")) ?? Int64.min
    let notLoaded = try rows.timestampMillisecondsOrNull(0, rows.column("not_loaded_from"))
    let last = try rows.timestampMillisecondsOrNull(0, rows.column("last_minute"))
    end = last.map { $0 + QuestionRung.minute.width } ?? now
    factsCover = finalBefore == Int64.min ? nil : min(finalBefore, notLoaded ?? Int64.max, end)
  }

  /// Where ranges over facts end unless `--to` says otherwise.
  var factsEnd: Int64 { factsCover ?? end }

  /// What is to be said of an answer from facts.
  func factsNote(_ to: Int64) -> String {
    guard let factsCover else {
      return "from the facts, which the first load will fill; polyrhythm load full"
    }
    return to <= factsCover
      ? "from the facts, which have all of it"
      : "from the facts, which have everything before \(ISOTime.text(factsCover)); "
        + "what came later may be missing until the next load"
  }

  /// What is to be said of an answer from rollups, which both layers write.
  func rollupNote(_ to: Int64) -> String {
    if to <= finalBefore { return "from rollups, all of it final" }
    return finalBefore == Int64.min
      ? "from rollups, all of it provisional"
      : "from rollups, provisional from \(ISOTime.text(finalBefore)) on"
  }
}
