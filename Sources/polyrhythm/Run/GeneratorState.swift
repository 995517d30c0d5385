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
  /// Events up to this time are in the log; a few after it may be, and are recognised when they come
  /// again.
  var emittedThrough: Int64

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

  /// Replaces the kept state, whole or not at all.
  func save(_ directory: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    do {
      try encoder.encode(self).write(
        to: URL(fileURLWithPath: Self.path(directory)), options: .atomic)
    } catch {
      throw CommandError(
        .ioError, "cannot write \(Self.path(directory)): \(error.localizedDescription)")
    }
  }

  private static func path(_ directory: String) -> String { "\(directory)/generator.json" }
}
