extension SiteModel {
  /// Several groups' sites side by side: a state's index then tells the group too, and no user needs
  /// to look for its site.
  struct Joined {
    var states: [State] = []
    /// Parallel to `states`.
    var requests: [Request] = []
    var steps: [Step] = []
    var starts: [Start] = []
    /// By group: the index in `starts` at which the group's own begin.
    var firstStarts: [Int] = []
    /// By group: the weights of the group's own `starts` over its users at the beginning of a run.
    var startWeights: [[Double]] = []
    /// By group: the start that new users begin with, as an index into `starts`; -1 where none can.
    var newUserStarts: [Int] = []
  }

  /// The most states and groups that their numbers, of 16 and 8 bits, have room for.
  static let mostStates = Int(UInt16.max)
  static let mostGroups = Int(UInt8.max)

  /// - Parameter sites: no more than `mostGroups`, with no more than `mostStates` in all.
  static func join(_ sites: [SiteModel]) -> Joined {
    var joined = Joined()
    for (group, site) in sites.enumerated() {
      let firstState = joined.states.count
      let firstStep = joined.steps.count
      let firstStart = joined.starts.count
      func moved(_ state: UInt16) -> UInt16 { state &+ UInt16(truncatingIfNeeded: firstState) }
      joined.states += site.states.map {
        var state = $0
        state.firstStep += Int32(firstStep)
        if state.nextStart >= 0 { state.nextStart += Int32(firstStart) }
        state.thumbsUp = moved(state.thumbsUp)
        state.thumbsDown = moved(state.thumbsDown)
        state.group = UInt8(truncatingIfNeeded: group)
        return state
      }
      joined.requests += site.requests
      joined.steps += site.steps.map {
        Step(cumulative: $0.cumulative, state: moved($0.state))
      }
      joined.starts += site.starts.map {
        var start = $0
        start.states = start.states.map(moved)
        return start
      }
      joined.firstStarts.append(firstStart)
      joined.startWeights.append(site.startWeights)
      joined.newUserStarts.append(site.newUserStart < 0 ? -1 : site.newUserStart + firstStart)
    }
    return joined
  }
}
