/// How users come to the site, and how they leave for good.
extension Simulation {
  /// - Parameters:
  ///   - number: the user's number in the run, which grows by `shard.count` with each call.
  ///   - arrival: when a new user comes, milliseconds since 1970-01-01 UTC; nil for users of the beginning.
  mutating func addUser(_ number: Int, arrivingAt arrival: Int64?) {
    let index = users.count
    let run = scenario.config
    let group = drawGroup(number)
    let config = scenario.groups[group].config
    let listener = number < scenario.listeners.count ? scenario.listeners[number] : nil
    var user = SimulatedUser(
      random: RandomSource(seed: run.seed, purpose: .user, index: UInt64(number)))
    user.group = UInt8(group)
    drawPerson(&user, listener)
    world.songChoice.drawTaste(&user)
    user.alpha = user.random.logNormal(mean: config.alpha * 1000, sigma: Habits.alphaSigma)
    user.beta = user.random.logNormal(mean: config.beta * 1000, sigma: Habits.betaSigma)
    user.skipShare = Habits.skipShare(&user.random)
    // A given user who registers during the run comes at the time of registration.
    let from = max(arrival ?? run.start, listener?.createdAt ?? .min)
    // Under a rate so small that 1 - rate is 1, nobody leaves.
    let leaving = -Elementary.log(1 - config.attritionRate)
    if leaving > 0 {
      let mean = CivilTime.millisecondsPerYear / leaving
      user.leavesAt = from + Int64(min(user.random.exponential(mean: mean), 1e15))
    }
    let start: Int
    if arrival != nil {
      start = scenario.site.newUserStarts[group]
      user.ts = from
    } else {
      start =
        scenario.site.firstStarts[group] + world.startTables[group].draw(&user.random)
      let membership = user.random.exponential(mean: Habits.meanMembership)
      // Sessions come without memory, so the time since a user's session before the run need not be known.
      user.ts = nextStart(after: from, &user, gap: 0)
      let first = scenario.site.starts[start]
      if first.auth != config.newUserAuth || states[Int(first.states[0])].showsUser {
        user.isRegistered = true
        user.registration = run.start - Int64(membership) - 1
      }
    }
    if let createdAt = listener?.createdAt {
      user.isRegistered = true
      user.registration = createdAt
    }
    beginSession(start, &user)
    users.append(user)
    if user.ts <= user.leavesAt {
      activeUsers += 1
      queue.insert(UserQueue.Entry(ts: user.ts, user: Int32(index)))
    }
  }

  /// The group has a random stream of its own, so that a user does the same in one group as in another, as
  /// far as the groups' configs agree.
  private func drawGroup(_ number: Int) -> Int {
    guard scenario.groups.count > 1 else { return 0 }
    var random = RandomSource(
      seed: scenario.config.seed, purpose: .group, index: UInt64(number))
    return world.groupTable.draw(&random)
  }

  private func drawPerson(_ user: inout SimulatedUser, _ listener: Listener?) {
    let isFemale = user.random.uniform() < 0.5
    user.isFemale = listener?.gender.map { $0 == .female } ?? isFemale
    user.place = UInt16(world.drawPlace(in: listener?.country, &user.random))
    let names = world.names[world.places[Int(user.place)].names]
    user.firstName = UInt16(
      (user.isFemale ? names.womenTable : names.menTable).draw(&user.random))
    user.lastName = UInt16(names.familyTable.draw(&user.random))
    user.agent = UInt8(world.agentTable.draw(&user.random))
  }

  /// New users come in a Poisson process whose rate grows with the users: N((1+g)^t - 1) are expected within
  /// t years, so their times are those of even arrivals, mapped through the inverse of that function. Every
  /// shard draws all new users and takes its own.
  mutating func drawArrival() {
    let config = scenario.config
    nextArrival = nil
    while lastNumber < Int(Int32.max) {
      expectedArrivals += growth.exponential(mean: 1)
      let years =
        Elementary.log(1 + expectedArrivals / Double(config.users))
        / Elementary.log(1 + config.growthRate)
      let arrival = Double(config.start) + years * CivilTime.millisecondsPerYear
      lastNumber += 1
      guard arrival < 1e15 else { return }
      if lastNumber % shard.count == shard.index {
        nextArrival = (Int64(arrival.rounded()), lastNumber)
        return
      }
    }
  }

  /// The users of this shard so far, as a table of users lists them; before the first event these are the
  /// users of the beginning.
  public var listeners: [Listener] {
    users.indices.map { index in
      let user = users[index]
      let number = number(index)
      if number < scenario.listeners.count { return scenario.listeners[number] }
      let name = name(index)
      var random = RandomSource(
        seed: scenario.config.seed, purpose: .age, index: UInt64(number))
      return Listener(
        id: userId(index), firstName: name.first.string, lastName: name.last.string,
        gender: user.isFemale ? .female : .male, age: Habits.age(&random),
        country: country(of: user), createdAt: user.isRegistered ? user.registration : nil)
    }
  }

  private func country(of user: SimulatedUser) -> String {
    let code = world.places[Int(user.place)].country
    return code.isEmpty ? "US" : code.string
  }
}
