import EventModel

/// The simulated service: gives its events in the order of time.
///
/// What comes out depends on the config alone. A run may be interrupted anywhere and taken up again;
/// the events are those of one run without the interruption. A copy goes its own way.
public struct Simulation {
  public let config: GeneratorConfig
  public let catalogue: Catalogue

  private let world: World
  private let rhythm: Rhythm
  private var users: ContiguousArray<SimulatedUser> = []
  private var queue = UserQueue()
  private var growth: RandomSource
  /// How many new users are expected to have come by the time the next one does.
  private var expectedArrivals = 0.0
  /// When the next new user comes; nil where the users do not grow.
  private var nextArrival: Int64?
  /// The first user of the queue still owes the second event of its request.
  private var owesSecond = false

  /// - Parameter catalogue: the songs; the default catalogue of the config's seed where nil.
  public init(config: GeneratorConfig, catalogue: Catalogue? = nil) {
    self.config = config
    self.catalogue = catalogue ?? Catalogue(seed: config.seed)
    world = World(site: config.site, catalogue: self.catalogue, tag: config.tag)
    rhythm = Rhythm(
      damping: config.damping, weekendDamping: config.weekendDamping,
      offsetMinutes: config.weekendDampingOffset, scaleMinutes: config.weekendDampingScale)
    growth = RandomSource(seed: config.seed, purpose: .growth)
    users.reserveCapacity(config.users)
    for _ in 0..<config.users { addUser(arrivingAt: nil) }
    if config.growthRate > 0 { drawArrival() }
  }

  /// The time of the event that `next` would give, milliseconds since 1970-01-01 UTC, whether or not
  /// it lies before the config's end; nil when no user will ever come again.
  public var nextTimestamp: Int64? {
    guard let first = queue.first?.ts else { return nextArrival }
    return min(first, nextArrival ?? first)
  }

  /// How many users will still come back, or are on the site.
  public private(set) var activeUsers = 0

  /// Calls `body` with each event in the order of time until the end that is given, the config's
  /// end (both exclusive), or until `body` returns false; the next call goes on behind the last
  /// event given. The event's text stays valid for as long as the simulation lives.
  /// - Parameter end: milliseconds since 1970-01-01 UTC; nil for no other end than the config's.
  public mutating func run(until end: Int64?, _ body: (Event) throws -> Bool) rethrows {
    let limit = limit(end)
    var event = Event(topic: .pageView)
    while fill(&event, before: limit) {
      if try !body(event) { return }
    }
  }

  /// The next event before `end` and before the config's end; nil when there is none.
  public mutating func next(before end: Int64? = nil) -> Event? {
    var event = Event(topic: .pageView)
    return fill(&event, before: limit(end)) ? event : nil
  }

  private func limit(_ end: Int64?) -> Int64 {
    min(end ?? .max, config.end ?? .max)
  }

  // MARK: Events

  private mutating func fill(_ event: inout Event, before limit: Int64) -> Bool {
    if !owesSecond {
      while let arrival = nextArrival, arrival < limit, arrival <= queue.first?.ts ?? .max {
        addUser(arrivingAt: arrival)
        drawArrival()
      }
    }
    guard let first = queue.first, first.ts < limit else { return false }
    let index = Int(first.user)
    let role = config.site.states[Int(users[index].state)].role
    if owesSecond {
      describe(index, as: role == .nextSong ? .listen : .auth, &event)
      owesSecond = false
    } else {
      describe(index, as: .pageView, &event)
      owesSecond = role == .nextSong || role == .login || role == .failedLogin
    }
    if !owesSecond { advance(index) }
    return true
  }

  /// Sets every field of the event anew.
  private func describe(_ index: Int, as topic: Topic, _ event: inout Event) {
    let user = users[index]
    let state = config.site.states[Int(user.state)]
    let request = world.requests[Int(user.state)]
    let place = world.places[Int(user.place)]
    event = Event(topic: topic)
    event.ts = user.ts
    event.sessionId = sessionId(index, user.sessionNumber)
    event.itemInSession = Int64(user.item)
    event.level = request.level
    event.userAgent = world.agents[Int(user.agent)]
    event.city = place.city
    event.state = place.state
    event.zip = place.zip
    event.lon = place.lon
    event.lat = place.lat
    event.tag = world.tag
    // A sign-in that worked says who signed in, though the page was still asked for anonymously.
    let signsIn = topic == .auth && state.role == .login && user.isRegistered
    if state.showsUser || signsIn {
      event.userId = config.firstUserId + Int64(index)
      event.firstName = (user.isFemale ? world.women : world.men)[Int(user.firstName)]
      event.lastName = world.family[Int(user.lastName)]
      event.gender = user.isFemale ? world.female : world.male
      event.registration = user.registration
    }
    switch topic {
    case .auth:
      event.success = state.role == .login
    case .listen, .pageView:
      event.auth = request.auth
      if user.isSongOn(at: user.ts) {
        let song = world.songs[Int(user.song)]
        event.artist = song.artist
        event.song = song.title
        event.duration = song.seconds
      }
      if topic == .pageView {
        event.page = request.page
        event.method = request.method
        event.status = state.status
      }
    }
  }

  /// Unique in the run without a counter that all users share: 2^21 sessions for each user, which
  /// keeps within the 2^53 that every JSON reader takes.
  private func sessionId(_ index: Int, _ number: UInt32) -> Int64 {
    (config.firstUserId + Int64(index)) << 21 + Int64(number)
  }

  // MARK: Users

  /// - Parameter arrival: when a new user comes; nil for those of the beginning.
  private mutating func addUser(arrivingAt arrival: Int64?) {
    let index = users.count
    let random = RandomSource(seed: config.seed, purpose: .user, index: UInt64(index))
    var user = SimulatedUser(random: random)
    user.isFemale = user.random.uniform() < 0.5
    user.firstName = UInt16(
      (user.isFemale ? world.womenTable : world.menTable).draw(&user.random))
    user.lastName = UInt16(world.familyTable.draw(&user.random))
    user.place = UInt16(world.placeTable.draw(&user.random))
    user.agent = UInt8(world.agentTable.draw(&user.random))
    user.alpha = user.random.logNormal(mean: config.alpha * 1000, sigma: Habits.alphaSigma)
    user.beta = user.random.logNormal(mean: config.beta * 1000, sigma: Habits.betaSigma)
    user.skipShare = Habits.skipShare(&user.random)
    let from = arrival ?? config.start
    if config.attritionRate > 0 {
      let mean = CivilTime.millisecondsPerYear / -Elementary.log(1 - config.attritionRate)
      user.leavesAt = from + Int64(min(user.random.exponential(mean: mean), 1e15))
    }
    let start: Int
    if let arrival {
      start = config.site.newUserStart
      user.ts = arrival
    } else {
      start = world.startTable.draw(&user.random)
      let membership = user.random.exponential(mean: Habits.meanMembership)
      // Sessions come without memory: how long ago the last one was tells nothing about the next.
      user.ts = nextStart(after: from, &user, gap: 0)
      let first = config.site.starts[start]
      if first.auth != config.newUserAuth || config.site.states[Int(first.states[0])].showsUser {
        user.isRegistered = true
        user.registration = config.start - Int64(membership) - 1
      }
    }
    beginSession(start, &user)
    users.append(user)
    if user.ts <= user.leavesAt {
      activeUsers += 1
      queue.insert(UserQueue.Entry(ts: user.ts, user: Int32(index)))
    }
  }

  /// New users come in a Poisson process whose rate grows with the users: N((1+g)^t - 1) are
  /// expected within t years, so the times follow from even arrivals through the inverse of that.
  private mutating func drawArrival() {
    expectedArrivals += growth.exponential(mean: 1)
    let years =
      Elementary.log(1 + expectedArrivals / Double(config.users))
      / Elementary.log(1 + config.growthRate)
    let arrival = Double(config.start) + years * CivilTime.millisecondsPerYear
    nextArrival =
      arrival < 1e15 && users.count < Int(Int32.max) ? Int64(arrival.rounded()) : nil
  }

  /// Moves the first user of the queue to its next request, next session, or out.
  private mutating func advance(_ index: Int) {
    var user = users[index]
    let state = config.site.states[Int(user.state)]
    var isGone = false
    if let next = step(from: state, &user.random) {
      move(&user, from: state, to: next)
    } else if state.isChurned || state.nextStart < 0 {
      isGone = true
    } else {
      user.songEnd = 0
      user.ts = nextStart(after: user.ts, &user, gap: config.sessionGap * 1000)
      beginSession(Int(state.nextStart), &user)
      isGone = user.ts > user.leavesAt
    }
    if isGone {
      queue.removeFirst()
      activeUsers -= 1
    } else {
      queue.moveFirst(to: user.ts)
    }
    users[index] = user
  }

  private func step(from state: SiteModel.State, _ random: inout RandomSource) -> UInt16? {
    let draw = random.uniform()
    let first = Int(state.firstStep)
    for index in first..<first + Int(state.stepCount)
    where draw < config.site.steps[index].cumulative {
      return config.site.steps[index].state
    }
    return nil
  }

  /// A time for the next session: memoryless on the even clock, thinned on free days, no earlier
  /// than `gap` milliseconds after `time`.
  private func nextStart(after time: Int64, _ user: inout SimulatedUser, gap: Double) -> Int64 {
    let earliest = Double(time) + gap
    var even = rhythm.unwarp(earliest)
    while true {
      even += user.random.exponential(mean: user.beta)
      let wall = Int64(max(rhythm.warp(even), earliest).rounded(.up))
      let drop = rhythm.dropShare(at: wall)
      if drop == 0 || user.random.uniform() >= drop { return wall }
    }
  }

  private func beginSession(_ start: Int, _ user: inout SimulatedUser) {
    user.sessionNumber += 1
    user.item = 0
    let choice = world.startTables[start].draw(&user.random)
    enter(config.site.starts[start].states[choice], &user)
  }

  private func move(_ user: inout SimulatedUser, from state: SiteModel.State, to next: UInt16) {
    let dest = config.site.states[Int(next)]
    let now = user.ts
    // In eventsim's configs a thumb is a redirect: it does not cut the song off that it is about.
    if (dest.role == .nextSong || dest.role == .advert) && user.isSongOn(at: now) {
      user.ts = endOfSong(&user, now)
    } else if state.isRedirect {
      user.ts = now + Habits.redirectDelay
    } else if state.role == .advert && dest.role == .nextSong {
      user.ts = now + Habits.uniform(Habits.advertLength, &user.random)
    } else {
      let gap = user.random.logNormal(mean: user.alpha, sigma: Habits.gapSigma)
      user.ts = now + max(1, Int64(gap.rounded()))
      if dest.role == .engagement, user.isSongOn(at: now), !user.isSongOn(at: user.ts) {
        // What is said about a song is said while it is on.
        user.ts = now + Int64(user.random.uniform() * Double(user.songEnd - now))
      }
    }
    if dest.auth != state.auth || dest.role == .advert {
      user.songEnd = min(user.songEnd, user.ts)
    }
    user.item += 1
    enter(next, &user)
  }

  /// When the song that is on gives way: at its end, or earlier where the user skips it.
  private func endOfSong(_ user: inout SimulatedUser, _ now: Int64) -> Int64 {
    guard user.random.uniform() < Double(user.skipShare) else { return user.songEnd }
    let skip = user.songStart + Habits.uniform(Habits.skipDelay, &user.random)
    let late = now + Habits.uniform(Habits.lateSkipDelay, &user.random)
    return min(max(skip, late), user.songEnd)
  }

  /// Arrives at a state at `user.ts`.
  private func enter(_ state: UInt16, _ user: inout SimulatedUser) {
    user.state = state
    let dest = config.site.states[Int(state)]
    if dest.showsUser, !user.isRegistered {
      user.isRegistered = true
      user.registration = user.ts
    }
    if dest.role == .nextSong {
      user.song = Int32(world.songTable.draw(&user.random))
      user.songStart = user.ts
      user.songEnd = user.ts + world.songs[Int(user.song)].durationMilliseconds
    }
  }
}
