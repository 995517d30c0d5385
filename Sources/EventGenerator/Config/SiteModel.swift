/// The site as a Markov chain: its states, how a session begins, and where a session goes from each state.
struct SiteModel: Sendable {
  /// A request as the config names it; also a node of the chain.
  struct Request: Hashable, Sendable, CustomStringConvertible {
    var page: String
    var method: String
    var status: Int32
    var auth: String
    var level: String

    var description: String { "\(page) \(method) \(status) (\(auth), \(level))" }
  }

  /// A state that can follow another. What is missing to 1 in the probabilities of all steps ends the session.
  struct Step: Sendable {
    /// The probability of this step or one listed before it.
    var cumulative: Double
    var state: UInt16
  }

  /// A node of the chain; plain numbers, as the simulation reads one for every event.
  struct State: Sendable {
    var status: Int32
    /// Index into `steps`.
    var firstStep: Int32 = 0
    var stepCount: Int32 = 0
    /// The start of the next session of a user whose session ends here, as an index into `starts`; -1 where
    /// no session can begin.
    var nextStart: Int32 = -1
    var showsUser = false
    var isChurned = false
    var role = Role.other
    /// Index of `auth` in the order of first mention.
    var auth: UInt16 = 0
    /// The group whose site this is.
    var group: UInt8 = 0
    /// The share of thumbs down among the thumbs that follow this state. 0 unless exactly one step leads to
    /// a thumb up and exactly one to a thumb down, as otherwise there is nothing to choose.
    var thumbsDownShare: Float = 0
    /// The states of those two steps.
    var thumbsUp: UInt16 = 0
    var thumbsDown: UInt16 = 0
    var isRedirect: Bool { status >= 300 && status < 400 }
  }

  /// What a page does beyond being viewed.
  enum Role: Sendable {
    case other
    /// Begins a song.
    case nextSong
    /// Comes between songs.
    case advert
    /// Is about the song that is on.
    case engagement, thumbsUp, thumbsDown
    /// A sign-in that works, and one that fails.
    case login, failedLogin

    var isAboutSong: Bool { self == .engagement || self == .thumbsUp || self == .thumbsDown }
  }

  /// How sessions begin for one (auth, level).
  struct Start: Sendable {
    var auth: String
    var level: String
    var weights: [Double]
    var states: [UInt16]
  }

  /// The lists of transitions in a config. eventsim's own files put changes of level into `transitions`; the
  /// two other lists add to it.
  static let transitionLists = ["transitions", "upgrades", "downgrades"]

  private(set) var states: [State] = []
  /// The request that each state stands for; parallel to `states`.
  private(set) var requests: [Request] = []
  private(set) var steps: [Step] = []
  private(set) var starts: [Start] = []
  /// Weights of the `starts` over users at the beginning of a run.
  private(set) var startWeights: [Double] = []
  /// The start that new users begin with, as an index into `starts`; -1 where none can.
  private(set) var newUserStart = -1

  private var indices: [Request: UInt16] = [:]
  /// The states that `new-session` names, also those whose weight is 0.
  private var entries: [UInt16] = []

  init(
    _ root: ConfigObject, newUser: (auth: String, level: String), growing: Bool,
    churnedState: String?
  ) throws(GeneratorError) {
    try readTransitions(root)
    try readStarts(root, newUser: newUser, growing: growing)
    try readDetails(root, churnedState: churnedState)
    try requireWaysIn(root)
  }

  private mutating func readTransitions(_ root: ConfigObject) throws(GeneratorError) {
    var outgoing: [[(p: Double, state: UInt16)]] = []
    for key in Self.transitionLists {
      for item in try root.objects(key) {
        let source = Int(try state(item.object("source")))
        let dest = try state(item.object("dest"))
        let p = try item.required("p", item.number("p", in: 0...1))
        while outgoing.count < states.count { outgoing.append([]) }
        outgoing[source].append((p, dest))
      }
    }
    guard !states.isEmpty else {
      throw GeneratorError(.missingKey, "\(root.file): transitions is missing or empty; add some")
    }
    for (index, list) in outgoing.enumerated() {
      let sum = list.reduce(0) { $0 + $1.p }
      // Decimal fractions that sum to 1 may do so only nearly in binary.
      guard sum <= 1 + 1e-9 else {
        throw GeneratorError(
          .probabilityAboveOne,
          "\(root.file): transitions: p out of \(requests[index]) sums to "
            + "\((sum * 1e6).rounded() / 1e6); "
            + "it must be at most 1")
      }
      states[index].firstStep = Int32(steps.count)
      states[index].stepCount = Int32(list.count)
      var cumulative = 0.0
      for (p, dest) in list {
        cumulative += p
        steps.append(Step(cumulative: sum > 1 - 1e-9 ? cumulative / sum : cumulative, state: dest))
      }
      // Rounding may leave the last step a hair below 1, and a session would end in that gap.
      if sum > 1 - 1e-9 { steps[steps.count - 1].cumulative = 1 }
      findThumbs(index, list)
    }
  }

  private mutating func findThumbs(_ index: Int, _ list: [(p: Double, state: UInt16)]) {
    let up = list.filter { states[Int($0.state)].role == .thumbsUp && $0.p > 0 }
    let down = list.filter { states[Int($0.state)].role == .thumbsDown && $0.p > 0 }
    guard up.count == 1, down.count == 1 else { return }
    states[index].thumbsUp = up[0].state
    states[index].thumbsDown = down[0].state
    states[index].thumbsDownShare = Float(down[0].p / (up[0].p + down[0].p))
  }

  /// The index of the state that a config object describes; a new state is added.
  private mutating func state(_ object: ConfigObject) throws(GeneratorError) -> UInt16 {
    let request = try Self.request(object)
    if let index = indices[request] { return index }
    guard states.count < Self.mostStates else {
      throw GeneratorError(
        .badValue, "\(object.file): \(object.path)page: more than 65,535 different states")
    }
    let index = UInt16(states.count)
    indices[request] = index
    var state = State(status: request.status)
    state.auth = UInt16(
      requests.firstIndex { $0.auth == request.auth }.map { Int(states[$0].auth) }
        ?? Set(requests.map(\.auth)).count)
    switch request.page {
    case "NextSong": state.role = .nextSong
    case "Roll Advert": state.role = .advert
    case "Thumbs Up": state.role = .thumbsUp
    case "Thumbs Down": state.role = .thumbsDown
    case "Add to Playlist", "Share": state.role = .engagement
    case "Login" where request.method != "GET":
      state.role = state.isRedirect ? .login : .failedLogin
    default: break
    }
    states.append(state)
    requests.append(request)
    return index
  }

  private static func request(_ object: ConfigObject) throws(GeneratorError) -> Request {
    Request(
      page: try object.required("page", object.text("page")),
      method: try object.text("method") ?? "GET",
      status: Int32(try object.number("status", in: 100...599, whole: true) ?? 200),
      auth: try object.required("auth", object.text("auth")),
      level: try object.text("level") ?? "")
  }

  private mutating func readStarts(
    _ root: ConfigObject, newUser: (auth: String, level: String), growing: Bool
  ) throws(GeneratorError) {
    for item in try root.objects("new-session") {
      let request = try Self.request(item)
      guard let index = indices[request] else {
        throw GeneratorError(
          .badValue,
          "\(root.file): \(item.path)page: \(request) is in no transition; add one out of it")
      }
      let weight = try item.required("weight", item.number("weight", in: 0...1e12))
      entries.append(index)
      guard weight > 0 else { continue }
      let start = start(auth: request.auth, level: request.level) ?? starts.count
      if start == starts.count {
        starts.append(Start(auth: request.auth, level: request.level, weights: [], states: []))
      }
      starts[start].weights.append(weight)
      starts[start].states.append(index)
    }
    startWeights = [Double](repeating: 0, count: starts.count)
    for (auth, authWeight) in try weights(root, list: "auths", name: "auth") {
      for (level, levelWeight) in try weights(root, list: "levels", name: "level")
      where authWeight * levelWeight > 0 {
        let start = try requiredStart(root, auth: auth, level: level, "auths and levels")
        startWeights[start] += authWeight * levelWeight
      }
    }
    if growing {
      newUserStart = try requiredStart(
        root, auth: newUser.auth, level: newUser.level, "new-user-auth and new-user-level")
    } else {
      newUserStart = start(auth: newUser.auth, level: newUser.level) ?? -1
    }
    for index in states.indices {
      let request = requests[index]
      states[index].nextStart = Int32(start(auth: request.auth, level: request.level) ?? -1)
    }
  }

  private func weights(_ root: ConfigObject, list: String, name: String) throws(GeneratorError)
    -> [(String, Double)]
  {
    var result: [(String, Double)] = []
    for item in try root.objects(list) {
      result.append(
        (
          try item.required(name, item.text(name)),
          try item.required("weight", item.number("weight", in: 0...1e12))
        ))
    }
    guard result.contains(where: { $0.1 > 0 }) else {
      throw GeneratorError(
        .missingKey, "\(root.file): \(list) needs at least one weight above 0; add it")
    }
    return result
  }

  private func start(auth: String, level: String) -> Int? {
    starts.firstIndex { $0.auth == auth && $0.level == level }
  }

  private func requiredStart(_ root: ConfigObject, auth: String, level: String, _ from: String)
    throws(GeneratorError) -> Int
  {
    if let start = start(auth: auth, level: level) { return start }
    throw GeneratorError(
      .noWayIn,
      "\(root.file): new-session: no session can begin as (\(auth), \(level)), "
        + "which \(from) ask for; add one")
  }

  private mutating func readDetails(_ root: ConfigObject, churnedState: String?)
    throws(GeneratorError)
  {
    var shows: [String: Bool] = [:]
    for item in try root.objects("show-user-details") {
      let auth = try item.required("auth", item.text("auth"))
      shows[auth] = try item.required("show", item.flag("show"))
    }
    for index in states.indices {
      let auth = requests[index].auth
      guard let show = shows[auth] else {
        throw GeneratorError(
          .missingKey, "\(root.file): show-user-details says nothing of auth \(auth); add it")
      }
      states[index].showsUser = show
      states[index].isChurned = auth == churnedState
    }
  }

  /// Refuses a config with transitions out of a state that no session can be in. None of eventsim's own
  /// configs has one, so such a state is a slip, such as a misspelt page. A weight or a probability of 0 is
  /// no slip, but a way that has been closed on purpose.
  private func requireWaysIn(_ root: ConfigObject) throws(GeneratorError) {
    var reached = [Bool](repeating: false, count: states.count)
    var open = entries
    while let index = open.popLast() {
      if reached[Int(index)] { continue }
      reached[Int(index)] = true
      let state = states[Int(index)]
      for step in steps[Int(state.firstStep)..<Int(state.firstStep + state.stepCount)] {
        open.append(step.state)
      }
    }
    // It is enough to look at sources: any other state lacks a way in only if the sources before it lack one.
    if reached.allSatisfy({ $0 }) { return }
    for key in Self.transitionLists {
      for (position, item) in try root.objects(key).enumerated() {
        let source = try Self.request(item.object("source"))
        guard let index = indices[source], !reached[Int(index)] else { continue }
        throw GeneratorError(
          .noWayIn,
          "\(root.file): \(key)[\(position)].source: no session can get to \(source); "
            + "add it to new-session, or a transition to it")
      }
    }
  }
}
