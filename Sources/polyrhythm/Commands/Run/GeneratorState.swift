import EventSources
import Foundation
import Support

/// What `run` keeps of its simulated site between runs (`generator.json` in the data directory). The simulation is
/// a function of these values, so the next run continues it with exactly the events that would have followed.
struct GeneratorState: Codable, Sendable {
  /// Raised with every change of the generator by which the same values simulate other events.
  static let currentVersion = 2

  var version = GeneratorState.currentVersion
  var seed: UInt64
  var users: Int
  /// First event time, milliseconds since 1970-01-01 UTC.
  var from: Int64
  /// Milliseconds since 1970-01-01 UTC. In data directories of versions whose log did not remember its sources:
  /// the time up to which the site's events are in the log. 0 in all others. The value never changes, because
  /// of later events the log itself knows which ones it has.
  var emittedThrough: Int64

  /// The site's name among the sources that the log remembers: a hash of everything that its events depend on.
  var sourceID: String {
    let hash = ContentHash()
    hash.add("site \(version) seed \(seed) users \(users) from \(from) after \(emittedThrough)")
    return "site-\(hash.text)"
  }

  /// The state kept in a data directory; nil where there is none.
  /// - Throws: `.dataError` where the file is damaged, `.configuration` where it is of another version.
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

  /// Writes the state, whole or not at all, and returns when it is on the storage device: after a power loss the
  /// log must not hold events of a site whose state is lost.
  /// - Throws: `.ioError` where it cannot be written.
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
