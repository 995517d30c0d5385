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
    var expected: [String: [Session]] = [:]
    for events in Dictionary(grouping: all, by: \.session).values {
      let session = Session(events)
      guard session.began >= from, session.began < to else { continue }
      expected[bucket.start(of: session.began), default: []].append(session)
    }
    try compare(
      answer, "sessions",
      expected.mapValues { sessions in
        let count = Double(sessions.count)
        let minutes = sessions.reduce(0.0) { $0 + $1.minutes }
        let listens = sessions.reduce(0) { $0 + $1.listens }
        return [
          "sessions": count, "average_minutes": minutes / count,
          "songs_per_session": Double(listens) / count,
        ]
      }, within: 0.0501)
  }

  func expectActiveUsers(_ answer: AnswerRows) throws {
    try compare(
      answer, "active-users",
      buckets(events).mapValues { all in
        [
          "active_users": Double(users(all)),
          "listeners": Double(users(all.filter { $0.kind == .listen })),
        ]
      })
  }

  func expectCancellations(_ answer: AnswerRows) throws {
    let views = events.filter { $0.kind == .pageView }
    try compare(
      answer, "cancellations",
      buckets(views).mapValues { all in
        let cancelled = all.filter { $0.page == "Cancellation Confirmation" }
        return [
          "cancellations": Double(cancelled.count),
          "of_paid": Double(cancelled.count { $0.level == "paid" }),
        ]
      })
  }

  /// For ranges that begin where the log does.
  func expectNewListeners(_ answer: AnswerRows) throws {
    var seen: Set<Int64> = []
    var expected: [String: [String: Double]] = [:]
    for (start, listens) in buckets(listens).sorted(by: { $0.key < $1.key }) {
      let users = Set(listens.compactMap(\.user))
      expected[start] = [
        "listeners": Double(users.count), "new_listeners": Double(users.subtracting(seen).count),
        "returning_listeners": Double(users.intersection(seen).count),
      ]
      seen.formUnion(users)
    }
    try compare(answer, "new-and-returning-listeners", expected)
  }

  /// - Parameter all: all that is loaded, also what is before the range.
  func expectDiscovery(_ answer: AnswerRows, _ all: [LineEvent], from: Int64, to: Int64) throws {
    var played: Set<String> = []
    var expected: [String: [String: Double]] = [:]
    for event in all.sorted(by: { $0.time < $1.time }) where event.kind == .listen {
      let isNew = played.insert("\(event.user ?? 0)/\(event.artist)/\(event.song)").inserted
      guard event.time >= from, event.time < to else { continue }
      expected[bucket.start(of: event.time), default: [:]]["plays", default: 0] += 1
      expected[bucket.start(of: event.time), default: [:]]["first_time_plays", default: 0] +=
        isNew ? 1 : 0
    }
    try compare(answer, "discovery", expected)
  }

  /// By weeks of registration.
  func expectRetention(_ answer: AnswerRows, registeredFrom from: Int64, to: Int64) throws {
    let dayMs: Int64 = 86_400_000
    let logStart = (events.map(\.time).min() ?? 0) / dayMs
    var registered: [Int64: Int64] = [:]
    for event in events {
      guard let user = event.user, let registration = event.registration else { continue }
      registered[user] = min(registered[user] ?? registration, registration)
    }
    var days: [Int64: Set<Int64>] = [:]
    for event in listens { days[event.user ?? 0, default: []].insert(event.time / dayMs) }
    var expected: [String: (users: Int, listening: Int)] = [:]
    for (user, registration) in registered where registration >= from && registration < to {
      let first = registration / dayMs
      var week: Int64 = 0
      while first + 7 * (week + 1) <= to / dayMs {
        let span = (first + 7 * week)..<(first + 7 * (week + 1))
        if span.lowerBound >= logStart {
          let isListening = days[user]?.contains { span.contains($0) } ?? false
          let key = "\(CalendarBucket.week.start(of: registration).prefix(10))/\(week)"
          expected[key, default: (0, 0)].users += 1
          expected[key, default: (0, 0)].listening += isListening ? 1 : 0
        }
        week += 1
      }
    }
    #expect(answer.rows.count == expected.count)
    for row in answer.rows {
      let one = expected["\(row["cohort"] ?? "")/\(row["week_after"] ?? "")"]
      #expect(row["users"] == one.map { "\($0.users)" }, "\(row)")
      #expect(row["listening"] == one.map { "\($0.listening)" }, "\(row)")
    }
  }

  private struct Session {
    let began: Int64
    let minutes: Double
    let listens: Int

    init(_ events: [LineEvent]) {
      let times = events.map(\.time)
      began = times.min() ?? 0
      minutes = Double((times.max() ?? 0) - began) / 60_000
      listens = events.count { $0.kind == .listen }
    }
  }
}
