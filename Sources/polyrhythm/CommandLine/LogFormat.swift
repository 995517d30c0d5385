import Foundation

/// How the lines on stderr are written.
enum LogFormat: String, CaseIterable {
  /// For people.
  case text
  /// For programs: one JSON object a line.
  case json

  static let flag = Flag(
    "--log-format", "F", "of what is said on stderr: text (default), or json, an object a line",
    environment: "POLYRHYTHM_LOG_FORMAT")

  /// The format of this process. Found in the command line as it was typed, because mistakes in the rest of it are
  /// said in this format too; `require` refuses a value that is none.
  static let current = chosen().flatMap(LogFormat.init(rawValue:)) ?? .text

  /// - Throws: `UsageError` naming the formats where the flag or the variable has another value.
  static func require(_ arguments: Arguments) throws {
    guard let name = arguments.string(flag.name), LogFormat(rawValue: name) == nil else { return }
    throw UsageError("\(flag.name): \"\(name)\" is not a format; it is text or json")
  }

  private static func chosen() -> String? {
    let words = CommandLine.arguments
    var found = flag.environment.flatMap { ProcessInfo.processInfo.environment[$0] }
    for (index, word) in words.enumerated() {
      if word == flag.name, index + 1 < words.count { found = words[index + 1] }
      if word.hasPrefix(flag.name + "=") { found = String(word.dropFirst(flag.name.count + 1)) }
    }
    return found
  }
}
