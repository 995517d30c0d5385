import EventModel

/// The simulated service: gives its events in the order of time.
///
/// The events depend on the scenario alone. A run may be interrupted anywhere and taken up again; the events
/// are the same as without the interruption. A copy of a simulation is independent of the original.
///
/// A simulation may have only a shard of the users. What a user does depends on no other user, so the
/// events of all shards, merged by time and user number, are those of one simulation of all users.
public struct Simulation {
  /// The run that is simulated.
  public let scenario: Scenario

  let shard: Shard
  let world: World
  let states: [SiteModel.State]
  let steps: [SiteModel.Step]
  /// By group.
  let rhythms: [Rhythm]
  var users: ContiguousArray<SimulatedUser> = []
  var queue = UserQueue()
  var growth: RandomSource
  /// The expected number of new users, of all shards, until the next one comes.
  var expectedArrivals = 0.0
  /// When the next new user of this shard comes, and its number; nil where there is none.
  var nextArrival: (ts: Int64, number: Int)?
  /// The highest number in the run of a user, of any shard, who has come or whose arrival is drawn.
  var lastNumber: Int
  /// When the run ends, exclusive.
  private let runEnd: Int64
  private let finishesSessions: Bool
  /// True where the first user of the queue has given the page view of a request, and the listen or auth
  /// event of the same request comes next.
  private var owesSecond = false

  /// - Parameter shard: the users to simulate; all of them unless another is given.
  public init(_ scenario: Scenario, shard: Shard = .whole) {
    self.scenario = scenario
    self.shard = shard
    world = World(scenario, shard)
    states = scenario.site.states
    steps = scenario.site.steps
    rhythms = scenario.groups.map { Rhythm($0.config) }
    let config = scenario.config
    runEnd = config.end ?? .max
    finishesSessions = scenario.finishesSessions
    growth = RandomSource(seed: config.seed, purpose: .growth)
    lastNumber = config.users - 1
    users.reserveCapacity(config.users / shard.count + 1)
    for number in stride(from: shard.index, to: config.users, by: shard.count) {
      addUser(number, arrivingAt: nil)
    }
    if config.growthRate > 0 { drawArrival() }
  }

  /// All users of one config.
  public init(config: GeneratorConfig, catalogue: Catalogue? = nil) {
    self.init(Scenario(config, catalogue: catalogue))
  }

  /// The time of the event that `next` would give, milliseconds since 1970-01-01 UTC. It may lie behind the
  /// run's end; nil when no user will ever come again.
  public var nextTimestamp: Int64? {
    guard let first = queue.first?.ts else { return nextArrival?.ts }
    return min(first, nextArrival?.ts ?? first)
  }

  /// How many users are on the site or will come back to it.
  public internal(set) var activeUsers = 0

  /// How many sessions have begun and are not over.
  public var sessionsUnderWay: Int {
    queue.users.reduce(0) { $0 + (users[Int($1)].item > 0 ? 1 : 0) }
  }

  /// Calls `body` with each event in the order of time until `end`, until the run's end (both exclusive), or
  /// until `body` returns false. The next call goes on behind the last event given. The event's text stays
  /// valid for as long as the simulation lives.
  /// - Parameter end: milliseconds since 1970-01-01 UTC; nil for no other end than the run's.
  public mutating func run(until end: Int64?, _ body: (Event) throws -> Bool) rethrows {
    var event = Event(topic: .pageView)
    while fill(&event, before: end ?? .max) != nil {
      if try !body(event) { return }
    }
  }

  /// The next event before `end` and before the run's end; nil when there is none.
  public mutating func next(before end: Int64? = nil) -> Event? {
    var event = Event(topic: .pageView)
    return fill(&event, before: end ?? .max) == nil ? nil : event
  }

  // MARK: Events

  /// The user that an event comes from, and the page that the user asked for.
  struct Origin {
    /// Local index of the user, in `users`.
    var user: Int
    /// Rank in the catalogue of the song that is on, or was; -1 for none.
    var song: Int32
    /// Index into the scenario's pages.
    var page: UInt16
  }

  /// - Returns: nil where no event is left.
  mutating func fill(_ event: inout Event, before end: Int64) -> Origin? {
    guard let first = firstUser(before: end) else { return nil }
    let state = Int(users[first].state)
    let role = states[state].role
    let song = users[first].song
    if owesSecond {
      describe(first, as: role == .nextSong ? .listen : .auth, &event)
      owesSecond = false
    } else {
      describe(first, as: .pageView, &event)
      owesSecond = role == .nextSong || role == .login || role == .failedLogin
    }
    if !owesSecond { advance(first) }
    return Origin(user: first, song: song, page: world.requests[state].pageNumber)
  }

  /// The local index of the user who acts next, before `end` and within the run.
  private mutating func firstUser(before end: Int64) -> Int? {
    let limit = min(end, runEnd)
    if !owesSecond {
      while let arrival = nextArrival, arrival.ts < limit, arrival.ts <= queue.first?.ts ?? .max {
        addUser(arrival.number, arrivingAt: arrival.ts)
        drawArrival()
      }
    }
    guard let first = queue.first else { return nil }
    if first.ts < limit { return Int(first.user) }
    guard finishesSessions, first.ts < end else { return nil }
    return firstUserPastTheEnd(before: end)
  }

  /// The user who acts next after the run's end. Sessions that began before the end go on; none begins.
  private mutating func firstUserPastTheEnd(before end: Int64) -> Int? {
    while let first = queue.first, first.ts < end {
      if users[Int(first.user)].item > 0 || owesSecond { return Int(first.user) }
      queue.removeFirst()
      activeUsers -= 1
    }
    return nil
  }

  /// Sets every field of the event anew.
  private func describe(_ index: Int, as topic: Topic, _ event: inout Event) {
    let user = users[index]
    let state = states[Int(user.state)]
    let request = world.requests[Int(user.state)]
    let place = world.places[Int(user.place)]
    let id = userId(index)
    event = Event(topic: topic)
    event.ts = user.ts
    // Unique in the run without a counter that all users share: each user has room for 2^21 sessions, and
    // the ids stay below 2^53, which every JSON reader takes.
    event.sessionId = id << 21 + Int64(user.sessionNumber)
    event.itemInSession = Int64(user.item)
    event.level = request.level
    event.userAgent = world.agents[Int(user.agent)]
    event.city = place.city
    event.state = place.state
    event.zip = place.zip
    event.country = place.country
    event.lon = place.lon
    event.lat = place.lat
    event.tag = request.tag
    let signsIn = topic == .auth && signsIn(user)
    // A sign-in that worked names the user, although the page was still requested without a user.
    if state.showsUser || (signsIn && user.isRegistered) {
      event.userId = id
      (event.firstName, event.lastName) = name(index)
      event.gender = user.isFemale ? world.female : world.male
      event.registration = user.registration
    }
    switch topic {
    case .auth:
      event.success = signsIn
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

  /// The id of the user with this local index.
  func userId(_ index: Int) -> Int64 {
    index < world.listeners.count
      ? world.listeners[index].id
      : world.firstInventedId + Int64(number(index))
  }

  /// The name of the user with this local index.
  func name(_ index: Int) -> (first: ByteSlice, last: ByteSlice) {
    if index < world.listeners.count {
      return (world.listeners[index].firstName, world.listeners[index].lastName)
    }
    let user = users[index]
    let names = world.places[Int(user.place)].names
    return world.names[names].text(user)
  }

  /// The number in the run of the user with this local index.
  func number(_ index: Int) -> Int { index * shard.count + shard.index }
}

extension World.NameText {
  func text(_ user: SimulatedUser) -> (first: ByteSlice, last: ByteSlice) {
    user.isFemale
      ? (women[Int(user.firstName)], womensFamily[Int(user.lastName)])
      : (men[Int(user.firstName)], family[Int(user.lastName)])
  }
}
