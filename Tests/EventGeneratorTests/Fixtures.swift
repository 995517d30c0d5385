import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// 2026-03-02, a Monday without a holiday in the weeks after it; milliseconds since 1970.
let monday: Int64 = 1_772_409_600_000
let hour: Int64 = 3_600_000
let day: Int64 = 24 * hour

let smallCatalogue = Catalogue(seed: 5, artists: 40, songs: 200)

/// The built-in config with a small catalogue, for `days` from a Monday.
func standardSimulation(seed: UInt64 = 1, users: Int = 200, days: Double = 1) throws -> Simulation {
  var overrides = GeneratorConfig.Overrides()
  overrides.seed = seed
  overrides.users = users
  overrides.start = monday
  overrides.end = monday + Int64(days * Double(day))
  return Simulation(config: try .standard(overrides), catalogue: smallCatalogue)
}

/// A config of states that are all GET 200 by signed-in free users.
/// - Parameter transitions: source, destination, probability.
func simpleConfig(
  _ keys: String, transitions: [(String, String, Double)], starts: [String: Double] = ["A": 1],
  overrides: GeneratorConfig.Overrides = .init()
) throws -> GeneratorConfig {
  func state(_ page: String) -> String {
    #""page": "\#(page)", "method": "GET", "status": 200, "auth": "Logged In", "level": "free""#
  }
  let moves = transitions.map {
    #"{"source": {\#(state($0.0))}, "dest": {\#(state($0.1))}, "p": \#($0.2)}"#
  }
  let sessions = starts.sorted { $0.key < $1.key }
    .map { #"{\#(state($0.key)), "weight": \#($0.value)}"# }
  let json = """
    {\(keys), "start-date": "2026-03-02", "new-user-auth": "Logged In", "new-user-level": "free",
     "show-user-details": [{"auth": "Logged In", "show": true}],
     "levels": [{"level": "free", "weight": 1}], "auths": [{"auth": "Logged In", "weight": 1}],
     "new-session": [\(sessions.joined(separator: ","))],
     "transitions": [\(moves.joined(separator: ","))]}
    """
  return try .parse(Data(json.utf8), file: "test.json", overrides)
}

/// The fields of an event that tests look at, copied out of the simulation's memory.
struct Seen: Equatable {
  var topic: Topic
  var ts: Int64
  var session: Int64
  var item: Int64
  var user: Int64?
  var registration: Int64?
  var page: String
  var auth: String
  var level: String
  var status: Int32?
  var song: String
  var duration: Double?
  var success: Bool?

  init(_ event: Event) {
    topic = event.topic
    ts = event.ts
    session = event.sessionId
    item = event.itemInSession
    user = event.userId
    registration = event.registration
    page = event.page.string
    auth = event.auth.string
    level = event.level.string
    status = event.status
    song = event.song.isEmpty ? "" : "\(event.artist.string) / \(event.song.string)"
    duration = event.duration
    success = event.success
  }
}

extension Simulation {
  mutating func all(until end: Int64? = nil) -> [Seen] {
    var seen: [Seen] = []
    run(until: end) { event in
      seen.append(Seen(event))
      return true
    }
    return seen
  }

  /// The encoded events, a line each.
  mutating func bytes(until end: Int64? = nil) -> Data {
    var out: [UInt8] = []
    run(until: end) { event in
      EventEncoder.append(event, to: &out)
      out.append(10)
      return true
    }
    return Data(out)
  }
}

func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

func variance(_ values: [Double]) -> Double {
  let center = mean(values)
  return mean(values.map { ($0 - center) * ($0 - center) })
}

/// True when `value` is within `tolerance` (a fraction) of `expected`.
func isClose(_ value: Double, _ expected: Double, _ tolerance: Double) -> Bool {
  abs(value - expected) <= tolerance * abs(expected)
}

/// A directory that is removed after the test.
final class ScratchDirectory {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/generator-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
