import EventSources
import Foundation
import Support

/// What `run` remembers of its simulated site between runs: the simulation is a function of these
/// values, so that it goes on exactly where it was.
struct GeneratorState: Codable, Sendable {
  /// Raised when the same values would simulate other events.
  static let currentVersion = 2

  var version = GeneratorState.currentVersion
  var seed: UInt64
  var users: Int
  /// First event time, milliseconds since 1970.
  var from: Int64
  /// Events up to this time were in the log before it remembered its sources; 0 in directories of
  /// today's program. It never moves: the log itself knows what it has of the later ones.
  var emittedThrough: Int64

  /// What names the site in the log's memory: a hash of everything that its events depend on.
  var sourceID: String {
    let hash = ContentHash()
    hash.add("site \(version) seed \(seed) users \(users) from \(from) after \(emittedThrough)")
    return "site-\(hash.text)"
  }

  /// The state kept in a data directory; nil where there is none.
  static func load(_ directory: String) throws -> GeneratorState? {
    let path = path(directory)
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    guard let state = try? JSONDecoder().decode(GeneratorState.self, from: data) else {
      throw CommandError(
        .dataError,
        "\(path) is not what polyrhythm run writes; move it away to begin a new simulation")
    }
    guard state.version == currentVersion else {
      throw CommandError(
        .configuration,
        "\(path) is of generator version \(state.version), this program has \(currentVersion): "
          + "use another data directory (--data DIR), or the program that made this one")
    }
    return state
  }

  /// Keeps the state, whole or not at all, and returns when it is on the storage device: the events of
  /// a site must not be there without it.
  func save(_ directory: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    let path = Self.path(directory)
    let bytes = try encoder.encode(self)
    do throws(SystemError) {
      try FileSystem.replace(path, with: Array(bytes), by: "\(path).partial")
      try FileSystem.syncDirectory(directory)
    } catch {
      throw CommandError(.ioError, "cannot write \(path): \(error.reason)")
    }
  }

  private static func path(_ directory: String) -> String { "\(directory)/generator.json" }
}
