import Foundation
import TestKit

/// A command, a statement or a request as a page shows it to a reader.
struct DocumentedCommand: CustomStringConvertible {
  /// The page's path from the package's directory.
  var page: String
  /// The first line, counted from 1.
  var line: Int
  /// As it stands there, without the page's comments.
  var text: String

  var description: String { "\(page):\(line): \(text)" }

  /// A statement, which a reader gives to `polyrhythm sql`.
  var isSQL: Bool { text.prefixMatch(of: /(select|create|alter)[ ]/) != nil }

  /// Whether it is a statement that writes.
  var isWritingSQL: Bool { isSQL && !text.hasPrefix("select ") }

  /// Whether it works until it is stopped.
  var isLongRunning: Bool {
    text.contains(/^(polyrhythm|make) run\b|^polyrhythm (schedule|serve)\b|--continuous/)
  }

  /// What a reader would type, by its first words. Blocks marked `sh` hold nothing else, so this is asked only of other
  /// blocks and of what stands between backticks.
  private static var typed: Regex<Substring> {
    #/
      (?: [A-Z_]+=\S*\s )+ \S.*
      | (?: \.build/release/ )? polyrhythm \s [A-Za-z].*
      | (?: make | curl | psql | rsync | apt-get | GET | select | create | alter ) \s \S.*
      | (?: docker \s \S+ | chmod \s \S+ | eval | \S+\.sh ) \s \S.*
    /#
  }

  /// The pages do not change while tests run, and to take them apart takes seconds in a debug build: once for all.
  private static let pages = Result { try readPages() }

  /// Everything that README, CONTRIBUTING, `docs` and compose/README.md show as code, page by page, README first: each
  /// command of a block that is marked `sh`, each line of another block, and what stands between backticks.
  static func code() throws -> [(code: DocumentedCommand, isCommand: Bool)] { try pages.get() }

  private static func readPages() throws -> [(code: DocumentedCommand, isCommand: Bool)] {
    var texts = try SourceTree.files(below: "docs", ending: ".md")
    for path in ["CONTRIBUTING.md", "README.md", "compose/README.md"] {
      texts[path] = try String(
        contentsOf: SourceTree.root.appendingPathComponent(path), encoding: .utf8)
    }
    let first = texts.keys.filter { $0 == "README.md" }
    return (first + texts.keys.filter { $0 != "README.md" }.sorted()).flatMap {
      code(page: $0, text: texts[$0] ?? "")
    }
  }

  /// What of it a reader would run.
  static func all() throws -> [DocumentedCommand] {
    try code().filter(\.isCommand).map(\.code)
  }

  private static func code(page: String, text: String) -> [(
    code: DocumentedCommand, isCommand: Bool
  )] {
    var found: [(code: DocumentedCommand, isCommand: Bool)] = []
    var block: String?
    var pending: DocumentedCommand?
    func add(_ line: Int, _ text: some StringProtocol) {
      let text = text.trimmingCharacters(in: .whitespaces)
      let code = DocumentedCommand(page: page, line: line, text: text)
      found.append((code, text.wholeMatch(of: typed) != nil))
    }
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if line.hasPrefix("```") {
        block = block == nil ? String(line.dropFirst(3)) : nil
      } else if block == "sh" {
        let start = pending ?? DocumentedCommand(page: page, line: index + 1, text: "")
        let shell = shellCode(start.text.isEmpty ? "\(line)" : "\(start.text)\n\(line)")
        let command = DocumentedCommand(page: page, line: start.line, text: shell.text)
        pending = shell.isOpen ? command : nil
        if !shell.isOpen, !shell.text.isEmpty { found.append((command, true)) }
      } else if block != nil || line.hasPrefix("    ") {
        add(index + 1, line)
      } else {
        let parts = line.split(separator: "`", omittingEmptySubsequences: false)
        for part in parts.enumerated() where part.offset % 2 == 1 { add(index + 1, part.element) }
      }
    }
    return found
  }

  /// A piece of shell code without its comments, and whether it goes on in the next line.
  private static func shellCode(_ text: String) -> (text: String, isOpen: Bool) {
    var result = ""
    var quote: Character?
    var isComment = false
    var before: Character = " "
    for character in text {
      if character == "\n" { isComment = false }
      if quote == nil, character == "#", before.isWhitespace { isComment = true }
      if isComment { continue }
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      }
      result.append(character)
      before = character
    }
    let isOpen = quote != nil || result.hasSuffix("\\")
    return (isOpen ? result : result.trimmingCharacters(in: .whitespacesAndNewlines), isOpen)
  }
}
