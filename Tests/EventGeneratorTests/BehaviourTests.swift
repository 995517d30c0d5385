import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// The rules that hold for every event, checked on the events alone.
@Suite struct BehaviourTests {
  private func run(seed: UInt64 = 21, users: Int = 400, days: Double = 1.5) throws -> [Seen] {
    var simulation = try standardSimulation(seed: seed, users: users, days: days)
    let seen = simulation.all()
    try #require(seen.count > 5_000)
    return seen
  }

  private func sessions(_ seen: [Seen]) -> [[Seen]] {
    Array(Dictionary(grouping: seen, by: \.session).values)
  }

  @Test func eventsComeInTheOrderOfTime() throws {
    let seen = try run()
    #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.ts <= $1.ts })
    #expect(seen.allSatisfy { $0.ts >= monday && $0.ts < monday + Int64(1.5 * Double(day)) })
  }

  @Test func itemsOfASessionCountUpFromZeroOverItsRequests() throws {
    for session in sessions(try run()) {
      let requests = session.filter { $0.topic == .pageView }
      #expect(requests.map(\.item) == (0..<Int64(requests.count)).map { $0 })
      #expect(zip(session, session.dropFirst()).allSatisfy { $0.ts <= $1.ts })
    }
  }

  @Test func aSessionIsOneUsers() throws {
    for session in sessions(try run()) {
      #expect(Set(session.compactMap(\.user)).count <= 1)
    }
  }

  @Test func listenAndAuthEventsGoWithTheirPageView() throws {
    let seen = try run()
    struct Request: Hashable { var session, item, ts: Int64 }
    var views: [Request: Seen] = [:]
    for event in seen where event.topic == .pageView {
      views[Request(session: event.session, item: event.item, ts: event.ts)] = event
    }
    for event in seen where event.topic != .pageView {
      let view = try #require(
        views[Request(session: event.session, item: event.item, ts: event.ts)])
      switch event.topic {
      case .listen:
        #expect(view.page == "NextSong")
        #expect(event.song == view.song && event.duration == view.duration && event.song != "")
      default:
        #expect(view.page == "Login")
        #expect(event.success == (view.status == 307))
      }
    }
    let count = { (topic: Topic) in seen.count { $0.topic == topic } }
    #expect(count(.listen) == seen.count { $0.page == "NextSong" })
    #expect(seen.contains { $0.success == true } && seen.contains { $0.success == false })
  }

  /// eventsim's own example has sign-ins that redirect to a page on which the visitor is still signed out.
  @Test func aSignInThatLeavesTheVisitorSignedOutHasFailed() throws {
    func state(_ page: String, _ auth: String, _ status: Int = 200) -> String {
      """
      {"page": "\(page)", "method": "\(status == 307 ? "PUT" : "GET")", "status": \(status),
       "auth": "\(auth)", "level": "free"}
      """
    }
    let out = state("Home", "Logged Out")
    let login = state("Login", "Logged Out", 307)
    let signedIn = state("Home", "Logged In")
    let json = """
      {"seed": 3, "beta": 7200, "start-date": "2026-03-02", "end-date": "2026-03-04", "n-users": 200,
       "show-user-details": [{"auth": "Logged In", "show": true}, {"auth": "Logged Out", "show": false}],
       "levels": [{"level": "free", "weight": 1}], "auths": [{"auth": "Logged Out", "weight": 1}],
       "new-session": [\(out.dropLast()), "weight": 1}, \(signedIn.dropLast()), "weight": 1}],
       "transitions": [{"source": \(out), "dest": \(login), "p": 1},
         {"source": \(login), "dest": \(signedIn), "p": 0.7},
         {"source": \(login), "dest": \(out), "p": 0.3},
         {"source": \(signedIn), "dest": \(out), "p": 0.2}]}
      """
    var simulation = Simulation(
      config: try .parse(Data(json.utf8), file: "test.json"), catalogue: smallCatalogue)
    let seen = simulation.all()
    var outcomes: Set<Bool> = []
    for session in sessions(seen) {
      for (index, event) in session.enumerated() where event.topic == .auth {
        guard index + 1 < session.count else { continue }
        let landed = session[index + 1].auth == "Logged In"
        #expect(event.success == landed)
        #expect((event.user != nil) == landed)
        outcomes.insert(landed)
      }
    }
    #expect(outcomes == [true, false])
  }

  @Test func guestsAndSignedOutVisitorsHaveNoDetails() throws {
    var overrides = GeneratorConfig.Overrides()
    overrides.users = 100
    overrides.start = monday
    overrides.end = monday + 3 * day
    overrides.growthRate = 50
    var simulation = Simulation(config: try .standard(overrides), catalogue: smallCatalogue)
    var anonymous: Set<String> = []
    simulation.run(until: nil) { event in
      let auth = event.auth.string
      let hasDetails =
        event.userId != nil || event.registration != nil || !event.firstName.isEmpty
        || !event.lastName.isEmpty || !event.gender.isEmpty
      if auth == "Guest" || auth == "Logged Out" {
        anonymous.insert(auth)
        #expect(!hasDetails)
      } else if auth == "Logged In" {
        #expect(event.userId != nil && event.registration != nil && !event.firstName.isEmpty)
      }
      return true
    }
    #expect(anonymous == ["Guest", "Logged Out"])
  }

  @Test func usersRegisteredBeforeTheirFirstEvent() throws {
    let seen = try run()
    #expect(seen.allSatisfy { $0.registration ?? .min <= $0.ts })
    let registrations = Dictionary(grouping: seen.filter { $0.user != nil }, by: { $0.user! })
    #expect(registrations.values.allSatisfy { Set($0.map(\.registration)).count == 1 })
  }

  @Test func pageViewsNameTheSongThatIsOn() throws {
    var named = 0
    for session in sessions(try run()) {
      var last: Seen?
      for view in session where view.topic == .pageView {
        if view.page == "NextSong" { last = view }
        guard let song = last, let duration = song.duration else {
          #expect(view.song == "")
          continue
        }
        let end = song.ts + Int64((duration * 1000).rounded())
        if view.song != "" {
          named += 1
          #expect(view.song == song.song && view.duration == duration && view.ts < end)
          #expect(view.auth == "Logged In" && view.page != "Roll Advert")
        } else {
          // The song is over, or an advert or the end of the visit has cut it off.
          let isCut = view.page == "Roll Advert" || view.auth != "Logged In"
          #expect(view.ts >= end || isCut)
          if isCut { last = nil }
        }
      }
    }
    #expect(named > 1_000)
  }

  @Test func whatIsSaidAboutASongIsSaidWhileOneIsOn() throws {
    let pages: Set<String> = ["Thumbs Up", "Thumbs Down", "Add to Playlist", "Share"]
    var said = 0
    for session in sessions(try run()) {
      let views = session.filter { $0.topic == .pageView }
      for (before, view) in zip(views, views.dropFirst())
      where pages.contains(view.page) && before.song != "" {
        said += 1
        #expect(view.song == before.song)
      }
    }
    #expect(said > 200)
  }

  @Test func aRedirectIsFollowedAfterOneSecond() throws {
    var followed = 0
    for session in sessions(try run()) {
      let views = session.filter { $0.topic == .pageView }
      for (view, next) in zip(views, views.dropFirst()) where view.status == 307 {
        followed += 1
        #expect(next.ts == view.ts + 1000)
      }
    }
    #expect(followed > 50)
  }

  @Test func aSongComesWhenTheAdvertIsOver() throws {
    var adverts = 0
    for session in sessions(try run()) {
      let views = session.filter { $0.topic == .pageView }
      for (advert, next) in zip(views, views.dropFirst())
      where advert.page == "Roll Advert" && next.page == "NextSong" {
        adverts += 1
        #expect((15_000...30_000).contains(next.ts - advert.ts))
      }
    }
    #expect(adverts > 50)
  }

  @Test func songsEndBySkipOrAtTheirEnd() throws {
    var ended = 0
    var skips: [Int64: (skipped: Int, all: Int)] = [:]
    for session in sessions(try run(users: 600, days: 3)) {
      let views = session.filter { $0.topic == .pageView }
      for (song, next) in zip(views, views.dropFirst())
      where song.page == "NextSong" && next.page == "NextSong" {
        let length = Int64(((song.duration ?? 0) * 1000).rounded())
        let listened = next.ts - song.ts
        #expect(listened == length || listened < 30_000)
        ended += listened == length ? 1 : 0
        skips[song.user ?? 0, default: (0, 0)].all += 1
        skips[song.user ?? 0, default: (0, 0)].skipped += listened < length ? 1 : 0
      }
    }
    let all = skips.values.reduce(0) { $0 + $1.all }
    let share = 1 - Double(ended) / Double(all)
    // 0.03 + 0.45 u^2 has the mean 0.18.
    #expect(isClose(share, 0.18, 0.15), "share of skips \(share) of \(all)")
    // If all users skipped alike, their shares would vary by chance alone: p(1-p)/n.
    let shares = skips.values.filter { $0.all >= 30 }.map {
      (Double($0.skipped) / Double($0.all), Double($0.all))
    }
    let byChance = mean(shares.map { share * (1 - share) / $0.1 })
    #expect(variance(shares.map(\.0)) > 2 * byChance)
  }

  @Test func levelsChangeByUpgradeAndDowngrade() throws {
    var config = GeneratorConfig.Overrides()
    config.users = 1500
    config.start = monday
    config.end = monday + 4 * day
    var simulation = Simulation(config: try .standard(config), catalogue: smallCatalogue)
    var level: [Int64: String] = [:]
    var submitted: [Int64: String] = [:]
    var changes = 0
    simulation.run(until: nil) { event in
      guard event.topic == .pageView, let user = event.userId else { return true }
      let now = event.level.string
      if let before = level[user], before != now {
        changes += 1
        #expect(submitted[user] == (now == "paid" ? "Submit Upgrade" : "Submit Downgrade"))
      }
      level[user] = now
      submitted[user] = event.page.string
      return true
    }
    #expect(changes > 10)
  }

  @Test func aUserWhoCancelledNeverComesBack() throws {
    var simulation = try standardSimulation(seed: 4, users: 2000, days: 5)
    var gone: Set<Int64> = []
    simulation.run(until: nil) { event in
      guard event.topic == .pageView, let user = event.userId else { return true }
      #expect(!gone.contains(user))
      if event.page.string == "Cancellation Confirmation" { gone.insert(user) }
      return true
    }
    #expect(gone.count >= 3)
  }

  @Test func everyLineIsJSONThatReadsBackAsTheEvent() throws {
    var simulation = try standardSimulation(seed: 8, users: 100, days: 1)
    var line: [UInt8] = []
    var lines = 0
    var hasNonASCII = false
    var hasEscape = false
    try simulation.run(until: nil) { event in
      line.removeAll(keepingCapacity: true)
      EventEncoder.append(event, to: &line)
      hasNonASCII = hasNonASCII || line.contains { $0 > 127 }
      hasEscape = hasEscape || line.contains(UInt8(ascii: "\\"))
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      func text(_ key: String, _ slice: ByteSlice) {
        #expect(object[key] as? String == (slice.isEmpty ? nil : slice.string))
      }
      #expect(object["ts"] as? Int64 == event.ts)
      #expect(object["sessionId"] as? Int64 == event.sessionId)
      #expect(object["itemInSession"] as? Int64 == event.itemInSession)
      #expect(object["userId"] as? Int64 == event.userId)
      #expect(object["registration"] as? Int64 == event.registration)
      #expect(object["lon"] as? Double == event.lon)
      #expect(object["lat"] as? Double == event.lat)
      #expect(object["duration"] as? Double == event.duration)
      #expect(object["success"] as? Bool == event.success)
      #expect(object["status"] as? Int32 == event.status)
      text("artist", event.artist)
      text("song", event.song)
      text("userAgent", event.userAgent)
      text("firstName", event.firstName)
      text("lastName", event.lastName)
      text("city", event.city)
      text("page", event.page)
      lines += 1
      return lines < 3_000
    }
    #expect(lines > 1_000)
    #expect(hasNonASCII && hasEscape)
  }
}
