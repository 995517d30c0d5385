import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// Compares where sessions begin and go with the config's own numbers, which are read here without any of the
/// code under test.
@Suite struct TransitionTests {
  /// A state as the config and the events name it.
  struct State: Hashable {
    var page: String
    var method: String
    var status: Int
    var auth: String
    var level: String

    init(_ event: Event) {
      page = event.page.string
      method = event.method.string
      status = Int(event.status ?? 0)
      auth = event.auth.string
      level = event.level.string
    }

    init(_ json: [String: Any]) {
      page = json["page"] as? String ?? ""
      method = json["method"] as? String ?? ""
      status = json["status"] as? Int ?? 0
      auth = json["auth"] as? String ?? ""
      level = json["level"] as? String ?? ""
    }

    /// The same state with both kinds of thumbs taken together. Which of the two a thumb is depends on the
    /// listener and the song, so that the thumbs of one listener are not independent.
    var pooled: State {
      var state = self
      if page.hasPrefix("Thumbs ") { state.page = "Thumbs" }
      return state
    }
  }

  private struct BuiltIn {
    let json: [String: Any]

    init() throws {
      let parsed = try JSONSerialization.jsonObject(with: Data(GeneratorConfig.standardText.utf8))
      json = try #require(parsed as? [String: Any])
    }

    func list(_ key: String) -> [[String: Any]] { json[key] as? [[String: Any]] ?? [] }

    /// The weights of a list as shares of their sum.
    func shares<Key: Hashable>(_ list: String, _ key: ([String: Any]) -> Key) -> [Key: Double] {
      let weights = self.list(list).map { (key($0), $0["weight"] as? Double ?? 0) }
      let sum = weights.reduce(0) { $0 + $1.1 }
      return Dictionary(weights.map { ($0, $1 / sum) }, uniquingKeysWith: +)
    }

    func transitions() -> [(source: State, dest: State, p: Double)] {
      ["transitions", "upgrades", "downgrades"].flatMap(list).map {
        (
          State($0["source"] as? [String: Any] ?? [:]), State($0["dest"] as? [String: Any] ?? [:]),
          $0["p"] as? Double ?? 0
        )
      }
    }
  }

  private func builtIn(seed: UInt64, users: Int, days: Double) throws -> GeneratorConfig {
    var given = overrides(users: users, days: days)
    given.seed = seed
    given.start = monday
    return try .standard(given)
  }

  @Test func everyStateOfTheBuiltInConfigIsLeftWithItsProbabilities() throws {
    let days = 4.0
    let config = try builtIn(seed: 23, users: 1500, days: days)
    var open: [Int64: (state: State, ts: Int64)] = [:]
    var counts: [State: [State?: Double]] = [:]
    // All visits of the last six hours are left out, because it is not known yet where some of them lead. No
    // gap and no song is as long as that.
    let horizon = monday + Int64(days * Double(day)) - 6 * hour
    func left(_ visit: (state: State, ts: Int64), to next: State?) {
      if visit.ts < horizon {
        counts[visit.state.pooled, default: [:]][next?.pooled, default: 0] += 1
      }
    }
    forEachEvent(of: config) { event in
      guard event.topic == .pageView else { return }
      let state = State(event)
      if let before = open[event.sessionId] { left(before, to: state) }
      open[event.sessionId] = (state, event.ts)
    }
    for visit in open.values { left(visit, to: nil) }

    var table: [State: [State?: Double]] = [:]
    var isPooled: Set<State> = []
    for (source, dest, p) in try BuiltIn().transitions() {
      if source != source.pooled { isPooled.insert(source.pooled) }
      table[source.pooled, default: [:]][dest.pooled, default: 0] += p
    }
    // States with pooled thumbs are left out, since the two thumbs may lead on with different probabilities.
    for state in isPooled { table[state] = nil }
    let tested = table.filter { counts[$0.key, default: [:]].values.reduce(0, +) >= 100 }
    #expect(tested.count >= 25, "\(tested.count) of \(table.count)")
    for (source, outgoing) in tested {
      let seen = try #require(counts[source])
      let total = seen.values.reduce(0, +)
      var expected = outgoing.mapValues { $0 * total }
      let end = 1 - outgoing.values.reduce(0, +)
      if end > 1e-9 { expected[nil] = end * total }
      #expect(Set(seen.keys).isSubset(of: expected.keys), "\(source): \(seen)")
      let cells = expected.map { (seen[$0.key, default: 0], $0.value) }
      let (value, degrees) = Statistics.chiSquare(
        cells.map(\.0), expected: cells.map(\.1))
      // One failure in 10,000 for all states together.
      let bound = Statistics.chiSquareBound(
        degrees: degrees, oneIn: 10_000 * Double(tested.count))
      #expect(value < bound, "\(source): \(seen), expected \(expected)")
    }
  }

  @Test func thumbsGoUpAndDownAsTheConfigHasIt() throws {
    let config = try builtIn(seed: 29, users: 1500, days: 3)
    let song = "NextSong"
    var shares: [String: (up: Double, down: Double)] = [:]
    for (source, dest, p) in try BuiltIn().transitions() where source.page == song {
      if dest.page == "Thumbs Up" { shares[dest.level, default: (0, 0)].up += p }
      if dest.page == "Thumbs Down" { shares[dest.level, default: (0, 0)].down += p }
    }
    var fromSong: Set<Int64> = []
    var thumbs: [String: [Int64: (up: Double, all: Double)]] = [:]
    forEachEvent(of: config) { event in
      guard event.topic == .pageView else { return }
      let page = event.page.string
      if fromSong.contains(event.sessionId), page.hasPrefix("Thumbs "), let user = event.userId {
        let level = event.level.string
        thumbs[level, default: [:]][user, default: (0, 0)].all += 1
        if page == "Thumbs Up" { thumbs[level]?[user]?.up += 1 }
      }
      if page == song {
        fromSong.insert(event.sessionId)
      } else {
        fromSong.remove(event.sessionId)
      }
    }
    #expect(!shares.isEmpty)
    for (level, share) in shares {
      let users = try #require(thumbs[level]).values
      let all = users.reduce(0) { $0 + $1.all }
      let expected = share.up / (share.up + share.down)
      let measured = users.reduce(0) { $0 + $1.up } / all
      // The thumbs of one listener are not independent, so that the error is computed over listeners.
      let error = users.reduce(0) { $0 + pow($1.up - expected * $1.all, 2) }.squareRoot() / all
      #expect(error < 0.025, "\(level): \(error)")
      #expect(
        abs(measured - expected) < Statistics.tolerance * error,
        "\(level): \(measured), not \(expected)")
    }
  }

  @Test func usersBeginAsTheWeightsSayAndSessionsWhereTheyDo() throws {
    let config = try builtIn(seed: 2, users: 16_000, days: 0.75)
    var sessions: Set<Int64> = []
    var users: Set<Int64> = []
    var kinds: [[String]: Double] = [:]
    var entries: [[String]: [State: Double]] = [:]
    forEachEvent(of: config) { event in
      guard event.topic == .pageView, sessions.insert(event.sessionId).inserted else { return }
      let state = State(event)
      entries[[state.auth, state.level], default: [:]][state, default: 0] += 1
      // The session id contains the user's number, also where the event does not name the user.
      if users.insert(event.sessionId >> 21).inserted {
        kinds[[state.auth, state.level], default: 0] += 1
      }
    }
    let builtIn = try BuiltIn()
    let auths = builtIn.shares("auths") { $0["auth"] as? String ?? "" }
    let levels = builtIn.shares("levels") { $0["level"] as? String ?? "" }
    let total = Double(users.count)
    var expected: [[String]: Double] = [:]
    for (auth, a) in auths {
      for (level, l) in levels where a * l > 0 { expected[[auth, level]] = a * l * total }
    }
    #expect(total > 4_000)
    #expect(Set(kinds.keys) == Set(expected.keys))
    let keys = Array(expected.keys)
    let (value, degrees) = Statistics.chiSquare(
      keys.map { kinds[$0, default: 0] }, expected: keys.map { expected[$0, default: 0] })
    #expect(value < Statistics.chiSquareBound(degrees: degrees), "\(kinds), expected \(expected)")

    let starts = builtIn.shares("new-session", State.init)
    for kind in keys {
      let seen = try #require(entries[kind])
      let weights = starts.filter { [$0.key.auth, $0.key.level] == kind }
      let sum = weights.values.reduce(0, +)
      let total = seen.values.reduce(0, +)
      #expect(Set(seen.keys).isSubset(of: weights.keys))
      let (value, degrees) = Statistics.chiSquare(
        weights.keys.map { seen[$0, default: 0] }, expected: weights.values.map { $0 / sum * total }
      )
      #expect(value < Statistics.chiSquareBound(degrees: degrees), "\(kind): \(seen)")
    }
  }

  @Test func levelsDriftToWhatUpgradesAndDowngradesBalanceAt() throws {
    // Every session has one request, after which the level changes or stays.
    let (up, down, paidAtStart) = (0.2, 0.05, 0.3)
    func state(_ page: String, _ level: String) -> String {
      #"{"page":"\#(page)","method":"GET","status":200,"auth":"In","level":"\#(level)"}"#
    }
    func start(_ level: String) -> String {
      state("Home", level).dropLast() + #", "weight": 1}"#
    }
    let json = """
      {\(even), "start-date": "2026-03-02", "alpha": 1, "beta": 3600, "session-gap": 600,
       "new-user-auth": "In", "show-user-details": [{"auth": "In", "show": true}],
       "levels": [{"level": "free", "weight": 7}, {"level": "paid", "weight": 3}],
       "auths": [{"auth": "In", "weight": 1}],
       "new-session": [\(start("free")), \(start("paid"))], "transitions": [],
       "upgrades": [
         {"source": \(state("Home", "free")), "dest": \(state("Done", "paid")), "p": \(up)}],
       "downgrades": [
         {"source": \(state("Home", "paid")), "dest": \(state("Done", "free")), "p": \(down)}]}
      """
    let users = 2000
    let taken = 16
    let config = try GeneratorConfig.parse(
      Data(json.utf8), file: "levels.json", overrides(users: users, days: 9))
    var paid = [Double](repeating: 0, count: taken)
    var sessions = [Int](repeating: 0, count: users)
    var wasPaid = [Bool](repeating: false, count: users)
    // Sessions by the level of the session before, and how many of them had another level.
    var before = (free: 0.0, paid: 0.0)
    var changed = (up: 0.0, down: 0.0)
    forEachEvent(of: config) { event in
      guard event.page.string == "Home", let id = event.userId else { return }
      let user = Int(id - 1)
      let isPaid = event.level.string == "paid"
      if sessions[user] < taken {
        if isPaid { paid[sessions[user]] += 1 }
        if sessions[user] > 0, wasPaid[user] {
          before.paid += 1
          if !isPaid { changed.down += 1 }
        } else if sessions[user] > 0 {
          before.free += 1
          if isPaid { changed.up += 1 }
        }
      }
      wasPaid[user] = isPaid
      sessions[user] += 1
    }
    try #require(sessions.allSatisfy { $0 >= taken })
    for (share, all, expected) in [
      (changed.up, before.free, up), (changed.down, before.paid, down),
    ] {
      let error = (expected * (1 - expected) / all).squareRoot()
      #expect(
        abs(share / all - expected) < Statistics.tolerance * error, "\(share) of \(all)")
    }
    let balance = up / (up + down)
    for session in [0, 1, 2, 4, 8, taken - 1] {
      let expected = balance + (paidAtStart - balance) * pow(1 - up - down, Double(session))
      let error = (expected * (1 - expected) / Double(users)).squareRoot()
      let share = paid[session] / Double(users)
      #expect(
        abs(share - expected) < Statistics.tolerance * error,
        "session \(session): \(share), not \(expected)")
    }
  }
}
