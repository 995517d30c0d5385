import EventLog
import Foundation
import Support

/// A file of properties for Kafka, as Java's clients and kcat have it: `key=value` a line, blank lines, and lines that begin
/// with `#` or `!`. White space around keys and values does not count; backslashes are taken as they are.
enum PropertiesFile {
  /// - Returns: the properties; of a key that comes twice the last one.
  /// - Throws: `CommandError`: `.noInput` where the file cannot be read, `.configuration` naming the file and the line.
  static func read(_ path: String) throws -> [String: String] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandError(.noInput, "--kafka-config: \(path) cannot be read")
    }
    var result: [String: String] = [:]
    let lines = String(decoding: data, as: UTF8.self)
      .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let text = line.trimmingCharacters(in: .whitespaces)
      if text.isEmpty || text.hasPrefix("#") || text.hasPrefix("!") { continue }
      guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
        // What stands there may be a part of a secret, and so it is not shown.
        throw CommandError(.configuration, "\(path):\(index + 1) is not of the form key=value")
      }
      let key = text[..<equals].trimmingCharacters(in: .whitespaces)
      let value = text[text.index(after: equals)...].trimmingCharacters(in: .whitespaces)
      if let problem = EventLogs.kafkaProblem(of: key, value) {
        throw CommandError(.configuration, "\(path):\(index + 1): \(key): \(problem)")
      }
      result[key] = value
    }
    return result
  }
}
