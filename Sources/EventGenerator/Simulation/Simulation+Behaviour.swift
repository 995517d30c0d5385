/// What a user does next.
extension Simulation {
  /// Moves the first user of the queue to the next request, to the next session, or out of the queue.
  mutating func advance(_ index: Int) {
    var user = users[index]
    let state = states[Int(user.state)]
    var isGone = false
    if let next = step(from: state, &user) {
      move(&user, from: state, to: next)
    } else if state.isChurned || state.nextStart < 0 {
      isGone = true
    } else {
      user.songEnd = .min
      user.ts = nextStart(
        after: user.ts, &user, gap: scenario.groups[Int(user.group)].config.sessionGap * 1000)
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

  /// Whether the sign-in that the user is at works: it fails where the state after it has the same `auth`,
  /// which means that the visitor is as unknown as before. Looks at that step without taking it.
  func signsIn(_ user: SimulatedUser) -> Bool {
    let state = states[Int(user.state)]
    guard state.role == .login else { return false }
    var ahead = user
    guard let next = step(from: state, &ahead) else { return true }
    return states[Int(next)].auth != state.auth
  }

  private func step(from state: SiteModel.State, _ user: inout SimulatedUser) -> UInt16? {
    let draw = user.random.uniform()
    let first = Int(state.firstStep)
    for index in first..<first + Int(state.stepCount) where draw < steps[index].cumulative {
      let next = steps[index].state
      if state.thumbsDownShare > 0, next == state.thumbsUp || next == state.thumbsDown {
        return thumbs(from: state, &user)
      }
      return next
    }
    return nil
  }

  /// The state of a thumb up or down. The config decides how often thumbs are given; the song decides
  /// whether they go up or down.
  private func thumbs(from state: SiteModel.State, _ user: inout SimulatedUser) -> UInt16 {
    let down = Habits.byTaste(
      state.thumbsDownShare, lovedShare: user.lovedShare, factor: Habits.thumbsDownIfLoved,
      isLoved: world.songChoice.isLoved(by: user))
    return user.random.uniform() < Double(down) ? state.thumbsDown : state.thumbsUp
  }

  /// A time for the next session: memoryless on the even clock, thinned on free days, no earlier
  /// than `gap` milliseconds after `time`.
  func nextStart(after time: Int64, _ user: inout SimulatedUser, gap: Double) -> Int64 {
    let rhythm = rhythms[Int(user.group)]
    // From here on all times are those of the user's own clock.
    let offset = world.places[Int(user.place)].clockOffset
    let earliest = Double(time + offset) + gap
    var even = rhythm.unwarp(earliest)
    while true {
      even += user.random.exponential(mean: user.beta)
      let wall = Int64(max(rhythm.warp(even), earliest).rounded(.up))
      let drop = rhythm.dropShare(at: wall)
      if drop == 0 || user.random.uniform() >= drop { return wall - offset }
    }
  }

  func beginSession(_ start: Int, _ user: inout SimulatedUser) {
    user.sessionNumber += 1
    user.item = 0
    user.song = -1
    let choice = world.requestTables[start].draw(&user.random)
    enter(scenario.site.starts[start].states[choice], &user)
  }

  private func move(_ user: inout SimulatedUser, from state: SiteModel.State, to next: UInt16) {
    let dest = states[Int(next)]
    let now = user.ts
    // This case comes before that of redirects: in eventsim's configs a thumb is a redirect, and must not cut
    // off the song that it is about.
    if (dest.role == .nextSong || dest.role == .advert) && user.isSongOn(at: now) {
      user.ts = endOfSong(&user, now)
    } else if state.isRedirect {
      user.ts = now + Habits.redirectDelay
    } else if state.role == .advert && dest.role == .nextSong {
      user.ts = now + Habits.uniform(Habits.advertLength, &user.random)
    } else {
      user.ts = now + gap(&user)
      if dest.role.isAboutSong, user.isSongOn(at: now + 1), !user.isSongOn(at: user.ts) {
        // What is said about a song is said while the song is on, but not in its last millisecond: a user who
        // only gives thumbs would stay in that millisecond forever.
        user.ts = now + Int64(user.random.uniform() * Double(user.songEnd - now))
      }
    }
    if dest.auth != state.auth || dest.role == .advert {
      user.songEnd = min(user.songEnd, user.ts)
    }
    user.item += 1
    enter(next, &user)
  }

  /// Milliseconds between two requests, at least 1.
  private func gap(_ user: inout SimulatedUser) -> Int64 {
    let gap =
      switch scenario.groups[Int(user.group)].config.gapDistribution {
      case .logNormal: user.random.logNormal(mean: user.alpha, sigma: Habits.gapSigma)
      case .exponential: user.random.exponential(mean: user.alpha)
      }
    return max(1, Int64(gap.rounded()))
  }

  /// When the song that is on makes room for the next: at its end, or earlier where the user skips it.
  private func endOfSong(_ user: inout SimulatedUser, _ now: Int64) -> Int64 {
    let skips = Habits.byTaste(
      user.skipShare, lovedShare: user.lovedShare, factor: Habits.skipIfLoved,
      isLoved: world.songChoice.isLoved(by: user))
    guard user.random.uniform() < Double(skips) else { return user.songEnd }
    let skip = user.songStart + Habits.uniform(Habits.skipDelay, &user.random)
    let late = now + Habits.uniform(Habits.lateSkipDelay, &user.random)
    return min(max(skip, late), user.songEnd)
  }

  /// Arrives at a state at `user.ts`.
  private func enter(_ state: UInt16, _ user: inout SimulatedUser) {
    user.state = state
    let dest = states[Int(state)]
    if dest.showsUser, !user.isRegistered {
      user.isRegistered = true
      user.registration = user.ts
    }
    if dest.role == .nextSong {
      user.song = world.songChoice.next(&user)
      user.songStart = user.ts
      user.songEnd = user.ts + world.songs[Int(user.song)].durationMilliseconds
    }
  }
}
