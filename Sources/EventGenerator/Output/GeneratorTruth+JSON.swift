import EventModel
import Support

extension GeneratorTruth {
  /// The content of `truth.json`, as docs/generator.md describes it.
  public var json: String {
    var out = "{\n  \"lines\": \(lines),\n"
    for measure in Measure.allCases {
      out += "  \"\(measure.name)\": {\(counts { total($0, measure) })},\n"
    }
    out += "  \"malformed_kinds\": {"
    out += EventLine.Fault.malformed.map { "\"\($0.name)\": \(total($0))" }
      .joined(separator: ", ")
    out += "},\n  \"logins\": \(logins),\n  \"failed_logins\": \(failedLogins),\n"
    out += "  \"sessions\": \(sessions),\n"
    out += "  \"cut_sessions\": \(cutSessions.map { "\($0)" } ?? "null"),\n  \"pages\": {"
    var separator = "\n"
    for (page, count) in pages.sorted(by: { $0.key < $1.key }) {
      out += "\(separator)    \(Self.quoted(page)): \(count)"
      separator = ",\n"
    }
    out += "\n  },\n  \"minutes\": ["
    separator = "\n"
    for minute in minutes {
      out += "\(separator)    \(json(minute))"
      separator = ",\n"
    }
    return out + "\n  ]\n}\n"
  }

  /// Finds out before a run whether its truth can be written, and removes the truth of an earlier run.
  /// - Throws: `.cannotCreate`.
  public static func makeWay(at path: String) throws(GeneratorError) {
    try OutputFile.makeWay(for: path, flag: flag)
  }

  /// Writes `json` to a file, whole or not at all.
  /// - Throws: `.cannotCreate` or `.writeFailed`.
  public func write(to path: String) throws(GeneratorError) {
    let file = try OutputFile(path: path, flag: Self.flag)
    try file.write(json)
    try file.finish()
  }

  private static let flag = "--truth"

  private func json(_ minute: Minute) -> String {
    var out = "{\"start\": \(minute.start), \(counts { minute.count($0) })"
    for measure in Measure.allCases.dropFirst()
    where Topic.allCases.contains(where: { minute.count($0, measure) > 0 }) {
      out += ", \"\(measure.name)\": {\(counts { minute.count($0, measure) })}"
    }
    return out + "}"
  }

  private func counts(_ value: (Topic) -> Int64) -> String {
    Topic.allCases.map { "\"\($0.name)\": \(value($0))" }.sorted().joined(separator: ", ")
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": out += "\\\(scalar)"
      case "\u{0}"..<"\u{20}":
        out += "\\u" + scalar.value.padded(to: 4, radix: 16)
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
