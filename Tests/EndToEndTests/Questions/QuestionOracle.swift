import Foundation
import Testing

/// Answers counted straight from the log's lines, beside those that `ask` gives.
struct QuestionOracle {
  let events: [LineEvent]
  let bucket: CalendarBucket

  /// - Parameters:
  ///   - from: inclusive, milliseconds.
  ///   - to: exclusive.
  init(_ events: [LineEvent], by bucket: CalendarBucket, from: Int64, to: Int64) {
    self.events = events.filter { $0.time >= from && $0.time < to }
    self.bucket = bucket
  }

  private func buckets(_ events: [LineEvent]) -> [String: [LineEvent]] {
    Dictionary(grouping: events) { bucket.start(of: $0.time) }
  }

  private var listens: [LineEvent] { events.filter { $0.kind == .listen } }

  private func users(_ events: [LineEvent]) -> Int { Set(events.compactMap(\.user)).count }

  /// One row a bucket: each column is what the lines say.
  private func compare(
    _ answer: AnswerRows, _ name: String, _ expected: [String: [String: Double]],
    within tolerance: Double = 1e-9
  ) throws {
    #expect(Set(answer.byBucket.keys) == Set(expected.keys), "\(name) by \(bucket)")
    #expect(answer.rows.count == expected.count, "\(name) by \(bucket)")
    for row in answer.rows {
      let start = row["bucket"] ?? ""
      for (column, value) in expected[start] ?? [:] {
        let found = try #require(Double(row[column] ?? ""), "\(name) by \(bucket): \(row)")
        let isNear = abs(found - value) <= tolerance
        #expect(isNear, "\(name) by \(bucket), \(start): \(column) is \(found), not \(value)")
      }
    }
  }

  func expectLogins(_ answer: AnswerRows) throws {
    try compare(
      answer, "users-logged-in",
      buckets(events).mapValues { all in
        let logins = all.filter { $0.kind == .auth && $0.isSuccess }
        return [
          "users_logged_in": Double(users(logins)), "logins": Double(logins.count),
          "failed_logins": Double(all.count { $0.kind == .auth && !$0.isSuccess }),
        ]
      })
  }

  func expectSongsPlayed(_ answer: AnswerRows) throws {
    let expected = buckets(events).mapValues { all in all.filter { $0.kind == .listen } }
    try compare(answer, "songs-played", expected.mapValues { ["listens": Double($0.count)] })
    for row in answer.rows {
      let listens = expected[row["bucket"] ?? ""] ?? []
      let songs = Double(Set(listens.map { [$0.artist, $0.song] }).count)
      let found = try #require(Double(row["different_songs"] ?? ""))
      // Beyond 320 the count is an estimate.
      #expect(abs(found - songs) <= (songs <= 320 ? 0 : songs * 0.08), "\(row), not \(songs)")
    }
  }

  func expectAudience(_ answer: AnswerRows) throws {
    let expected = buckets(events).mapValues { all in
      Dictionary(grouping: all.filter { $0.user != nil }) { "\($0.gender)/\($0.level)" }
        .mapValues { users($0) }
    }.filter { !$0.value.isEmpty }
    let found = answer.byBucket.mapValues { rows in
      Dictionary(
        uniqueKeysWithValues: rows.map {
          ("\($0["gender"] ?? "")/\($0["level"] ?? "")", Int($0["users"] ?? ""))
        })
    }
    #expect(found == expected.mapValues { $0.mapValues { Optional($0) } }, "by \(bucket)")
  }

  func expectSongsPerUser(_ answer: AnswerRows) throws {
    try compare(
      answer, "songs-per-user",
      buckets(listens).mapValues { all in
        let most = Dictionary(grouping: all) { $0.user }.values.map(\.count).max() ?? 0
        return [
          "listeners": Double(users(all)), "listens": Double(all.count),
          "average_songs": Double(all.count) / Double(users(all)), "most_songs": Double(most),
        ]
      }, within: 0.0051)
  }

  /// Ten a bucket, by plays; of those with as many plays as the tenth any may be there.
  func expectTop(
    _ answer: AnswerRows, _ name: String, key: ([String: String]) -> String,
    of event: (LineEvent) -> String
  ) throws {
    let expected = buckets(listens).mapValues { Dictionary(grouping: $0, by: event) }
    #expect(Set(answer.byBucket.keys) == Set(expected.keys), "\(name) by \(bucket)")
    for (start, rows) in answer.byBucket {
      let plays = expected[start] ?? [:]
      let best = plays.values.map(\.count).sorted(by: >).prefix(10)
      #expect(rows.map { Int($0["listens"] ?? "") } == Array(best), "\(name), \(start)")
      #expect(rows.map { Int($0["rank"] ?? "") } == Array(1...rows.count), "\(name), \(start)")
      #expect(Set(rows.map(key)).count == rows.count, "\(name), \(start)")
      for row in rows {
        let listens = plays[key(row)] ?? []
        #expect(Int(row["listens"] ?? "") == listens.count, "\(name), \(start): \(row)")
        // Sketches are exact for as few listeners as there are here.
        #expect(Int(row["listeners"] ?? "") == users(listens), "\(name), \(start): \(row)")
      }
    }
  }

  /// - Parameter all: the events of the range's sessions, also those beyond the range.
  func expectSessions(_ answer: AnswerRows, _ all: [LineEvent], from: Int64, to: Int64) throws {
    let sessions = Dictionary(grouping: all) { $0.session }.values.map { events in
      let times = events.map(\.time)
      return (
        began: times.min() ?? 0, minutes: Double((times.max() ?? 0) - (times.min() ?? 0)) / 60_000,
        listens: events.count { $0.kind == .listen }
      )
    }.filter { $0.began >= from && $0.began < to }
    try compare(
      answer, "sessions",
      Dictionary(grouping: sessions) { bucket.start(of: $0.began) }.mapValues { all in
        [
          "sessions": Double(all.count),
          "average_minutes": all.map(\.minutes).reduce(0, +) / Double(all.count),
          "songs_per_session": Double(all.map(\.listens).reduce(0, +)) / Double(all.count),
        ]
      }, within: 0.0501)
  }
}
