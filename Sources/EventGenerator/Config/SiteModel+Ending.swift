extension SiteModel {
  /// A state from which a session can never end, and which a session can get to. Nil where every session
  /// ends sometime.
  var endlessState: Request? {
    var reached = [Bool](repeating: false, count: states.count)
    var order: [Int] = []
    var open = starts.flatMap(\.states).map(Int.init)
    // By state: the states that lead to it, for the way back from the states where sessions can end.
    var sources = [[Int]](repeating: [], count: states.count)
    while let index = open.popLast() {
      if reached[index] { continue }
      reached[index] = true
      order.append(index)
      for next in possibleSteps(from: index) {
        sources[next].append(index)
        open.append(next)
      }
    }
    var ends = [Bool](repeating: false, count: states.count)
    open = order.filter(canEnd)
    while let index = open.popLast() {
      if ends[index] { continue }
      ends[index] = true
      open += sources[index]
    }
    return order.first { !ends[$0] }.map { requests[$0] }
  }

  private func canEnd(_ index: Int) -> Bool {
    let state = states[index]
    guard state.stepCount > 0 else { return true }
    return steps[Int(state.firstStep + state.stepCount - 1)].cumulative < 1
  }

  /// The states that follow a state with a probability above 0.
  private func possibleSteps(from index: Int) -> [Int] {
    var before = 0.0
    var found: [Int] = []
    let first = Int(states[index].firstStep)
    for step in steps[first..<first + Int(states[index].stepCount)] {
      if step.cumulative > before { found.append(Int(step.state)) }
      before = step.cumulative
    }
    return found
  }
}
