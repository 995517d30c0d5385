import Foundation
import Glibc
import Simulation

/// Runs episode after episode, each with the next seed, until the time is up or an episode fails.
struct Campaign {
  var firstSeed: UInt64
  var seconds: Double
  var episodes: Int
  /// Seconds to spend on finding a shorter schedule that fails too.
  var shrinkSeconds: Double
  var without: Set<Schedule.Trouble>
  var isLoud: Bool
  /// True for the schedules of `Schedule.sweep`, in which loads end at one statement after the other.
  var isSweep: Bool

  private let directory = "/tmp/polyrhythm-chaos-\(getpid())"

  init(
    firstSeed: UInt64, seconds: Double, episodes: Int, shrinkSeconds: Double,
    without: Set<Schedule.Trouble>, isLoud: Bool, isSweep: Bool
  ) {
    self.isSweep = isSweep
    self.firstSeed = firstSeed
    self.seconds = seconds
    self.episodes = episodes
    self.shrinkSeconds = shrinkSeconds
    self.without = without
    self.isLoud = isLoud
  }

  /// - Returns: false where an episode has failed.
  func run() throws -> Bool {
    print("chaos: SEED=\(firstSeed), \(Int(seconds)) s, in \(directory)")
    fflush(nil)
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let server = try Server(in: directory)
    defer { server.stop() }
    let start = ContinuousClock.now
    var tally = Tally()
    var seed = firstSeed
    while true {
      let schedule =
        isSweep ? Schedule.sweep(seed: seed) : Schedule(seed: seed, without: without)
      if isLoud { print("episode \(seed): \(schedule.lines[0])") }
      if let failure = try attempt(schedule, server, "e\(seed)", &tally, trace: isLoud, keeps: true)
      {
        print("\nFAILED: SEED=\(seed)\n\(failure.what)\n\nthe schedule:")
        var taken = schedule
        taken.actions = Array(schedule.actions.prefix(max(1, failure.taken)))
        print(taken.lines.joined(separator: "\n"))
        shrink(taken, server)
        print(
          "data: \(directory)/e\(seed) and \(directory)/postgres; again: make chaos SEED=\(seed)")
        return false
      }
      tally.episodes += 1
      let spent = (ContinuousClock.now - start) / .seconds(1)
      if spent >= seconds || tally.episodes >= episodes {
        print("\nchaos: clean\n\(Tally.heading)")
        print(tally.row(seeds: firstSeed...seed, seconds: spent))
        server.stop()
        try? FileManager.default.removeItem(atPath: directory)
        return true
      }
      seed += 1
    }
  }

  /// - Returns: what was wrong, and after how many actions; nil where all was right.
  private func attempt(
    _ schedule: Schedule, _ server: Server, _ name: String, _ tally: inout Tally, trace: Bool,
    keeps: Bool
  ) throws -> (what: String, taken: Int)? {
    let episode = try Episode(schedule, server, in: "\(directory)/\(name)", trace: trace)
    episode.tally = tally
    defer { tally = episode.tally }
    do {
      try episode.run()
      episode.end(keepsData: false)
      return nil
    } catch let verdict as Verdict {
      episode.end(keepsData: keeps)
      return (verdict.description, episode.failed)
    } catch {
      episode.end(keepsData: keeps)
      throw error
    }
  }

  private func shrink(_ schedule: Schedule, _ server: Server) {
    let deadline = ContinuousClock.now + .seconds(shrinkSeconds)
    print("looking for a shorter one, for \(Int(shrinkSeconds)) s at most …")
    fflush(nil)
    var tries = 0
    var scrap = Tally()
    var reason = ""
    let shortest = Shrinking.shortest(schedule.actions, until: deadline) { actions in
      tries += 1
      var shorter = schedule
      shorter.actions = actions
      let failure = try? attempt(
        shorter, server, "s\(tries)", &scrap, trace: false, keeps: false)
      if let failure = failure ?? nil { reason = failure.what }
      return (failure ?? nil) != nil
    }
    if shortest.count < schedule.actions.count {
      var found = schedule
      found.actions = shortest
      print("the shortest that failed too (\(tries) tries):")
      print(found.lines.joined(separator: "\n") + "\n\(reason)")
    } else {
      print("none of \(tries) shorter ones failed")
    }
  }
}
