import Foundation
import TestKit
import Testing

/// What README and docs name is there.
@Suite struct DocumentationTests {
  private struct Page {
    var path: String
    var text: String

    /// Lines of code blocks, and what stands between backticks.
    var code: [String] {
      var found: [String] = []
      var isBlock = false
      for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("```") {
          isBlock.toggle()
        } else if isBlock || line.hasPrefix("    ") {
          found.append(String(line))
        } else {
          let parts = line.split(separator: "`", omittingEmptySubsequences: false)
          found += parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
        }
      }
      return found
    }
  }

  private func pages() throws -> [Page] {
    var texts = try SourceTree.files(below: "docs", ending: ".md")
    for path in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "compose/README.md"] {
      texts[path] = try String(
        contentsOf: SourceTree.root.appendingPathComponent(path), encoding: .utf8)
    }
    return texts.map { Page(path: $0.key, text: $0.value) }
  }

  /// As GitHub makes them of headings.
  private func anchors(_ text: String) -> Set<String> {
    Set(
      text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
        heading.drop { $0 == "#" || $0 == " " }.lowercased()
          .filter { $0.isLetter || $0.isNumber || " -_".contains($0) }
          .replacingOccurrences(of: " ", with: "-")
      })
  }

  @Test func everyLinkLeadsSomewhere() throws {
    var count = 0
    for page in try pages() {
      for match in page.text.matches(of: /\]\(([^)\s]+)\)/) {
        let target = String(match.1)
        if target.hasPrefix("http") { continue }
        count += 1
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let from = SourceTree.root.appendingPathComponent(page.path).deletingLastPathComponent()
        let path =
          parts[0].isEmpty
          ? SourceTree.root.appendingPathComponent(page.path)
          : from.appendingPathComponent("\(parts[0])")
        #expect(FileManager.default.fileExists(atPath: path.path), "\(page.path): \(target)")
        guard parts.count == 2, let text = try? String(contentsOf: path, encoding: .utf8) else {
          continue
        }
        #expect(anchors(text).contains("\(parts[1])"), "\(page.path): \(target)")
      }
    }
    #expect(count > 20)
  }

  @Test func everyMakeTargetIsOne() throws {
    let makefile = try String(
      contentsOf: SourceTree.root.appendingPathComponent("Makefile"), encoding: .utf8)
    let targets = Set(makefile.matches(of: /(?m)^([a-z-]+):/).map { String($0.1) })
    for page in try pages() {
      for code in page.code {
        for match in code.matches(of: /(?:^|[ ;&])make ([a-z][a-z-]*)/) {
          #expect(targets.contains(String(match.1)), "\(page.path): \(code)")
        }
      }
    }
  }

  @Test func everyCommandAndFlagIsOne() throws {
    let sources = try SourceTree.files(below: "Sources/polyrhythm", ending: ".swift").values
      .joined(separator: "\n")
    let names = Set(
      sources.matches(of: /CommandSpec\(\s*name: "([a-z]+)"/).map { String($0.1) })
    #expect(names.count >= 12)
    let flags = Set(sources.matches(of: /"(--[a-z-]+)"/).map { String($0.1) })
    for page in try pages() {
      for code in page.code {
        for match in code.matches(of: /(?:^\s*|\/)polyrhythm ([a-z]+)([^|;&]*)/) {
          let name = String(match.1)
          #expect(names.contains(name) || ["help"].contains(name), "\(page.path): \(code)")
          for flag in match.2.matches(of: /(?:^| )(--[a-z-]+)/) {
            let isKnown = flags.contains(String(flag.1)) || flag.1 == "--help"
            #expect(isKnown, "\(page.path): \(flag.1) in \(code)")
          }
        }
      }
    }
  }

  @Test func everyCommandIsOffered() throws {
    let files = try SourceTree.files(below: "Sources/polyrhythm", ending: ".swift")
    let offered = try #require(files["Sources/polyrhythm/main.swift"]).split { !$0.isLetter }
    let commands = files.values.flatMap {
      $0.matches(of: /(?m)^let ([A-Za-z]+) = CommandSpec\(/).map { $0.1 }
    }
    #expect(commands.count >= 12)
    for command in commands {
      #expect(offered.contains(command), "main.swift does not name \(command)")
    }
  }

  /// A star stands for any text, as in `fact_*_unique`.
  @Test func everyCheckIsExplained() throws {
    let page = try #require(pages().first { $0.path == "docs/schedule.md" })
    let explained = page.text.matches(of: /`([a-z_]+)(\*?)([a-z_]*)`/)
    let checks = try SourceTree.files(below: "warehouse-sql/checks", ending: ".sql").keys
    #expect(checks.count > 10)
    for path in checks {
      let name = path.split(separator: "/").last?.dropLast(4) ?? ""
      let isThere = explained.contains { match in
        match.2.isEmpty
          ? name == match.1 + match.3 : name.hasPrefix(match.1) && name.hasSuffix(match.3)
      }
      #expect(isThere, "docs/schedule.md does not explain \(name)")
    }
  }

  /// Paths with a folder and an ending, from the package's directory or from Sources.
  @Test func everyFileThatIsNamedIsThere() throws {
    let folders = [
      "", "Sources/", "warehouse-sql/", "warehouse-sql/queries/", "Tests/", "scripts/",
    ]
    var count = 0
    for page in try pages() {
      for code in page.code where !code.contains(" ") {
        guard
          let match = code.wholeMatch(
            of: /([A-Za-z0-9_+.\-\/]+\/[A-Za-z0-9_+.\-]+\.(swift|sql|sh|js|html|yml))/)
        else { continue }
        count += 1
        let isThere = folders.contains {
          FileManager.default.fileExists(
            atPath: SourceTree.root.appendingPathComponent($0 + match.1).path)
        }
        #expect(isThere, "\(page.path): \(code)")
      }
    }
    #expect(count > 3)
  }
}
