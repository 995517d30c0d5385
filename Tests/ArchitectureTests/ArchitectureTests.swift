import TestKit
import Testing

/// What docs/architecture.md says of modules and files, as far as the files show it.
@Suite struct ArchitectureTests {
  /// What each module may import of ours and of C libraries: the table of docs/architecture.md, upside down.
  private static let imports: [String: Set<String>] = [
    "Support": ["CPlatform"],
    "EventModel": ["CEventDecoder"],
    "EventGenerator": ["EventModel", "Support"],
    "EventLog": ["Support", "CRdKafka", "CZstd"],
    "Metrics": ["EventModel"],
    "Warehouse": ["Support", "CLibPQ"],
    "EventSources": [
      "EventModel", "EventGenerator", "EventLog", "Feed", "Warehouse", "Support", "CCurl",
      "CXXHash", "CZlib", "CZstd",
    ],
    "Feed": ["EventModel", "EventLog", "Metrics"],
    "StarSchema": ["EventModel", "EventLog", "Metrics", "Feed", "Warehouse"],
    "SpeedLayer": [
      "EventModel", "EventLog", "Metrics", "Feed", "StarSchema", "Warehouse", "Support",
    ],
    "BatchLayer": [
      "EventModel", "EventLog", "Metrics", "Feed", "StarSchema", "Warehouse", "Support",
    ],
    "ServingLayer": [
      "Metrics", "Warehouse", "Support", "CBrotli", "CMicrohttpd", "CZlib", "CZstd",
    ],
    "Simulation": [
      "EventModel", "EventGenerator", "EventLog", "SpeedLayer", "BatchLayer", "Warehouse",
      "Support",
    ],
    "polyrhythm": [
      "EventModel", "EventGenerator", "EventLog", "EventSources", "Feed", "Metrics", "SpeedLayer",
      "BatchLayer", "ServingLayer", "Simulation", "Warehouse", "Support", "CPlatform",
    ],
  ]
  private static let system: Set<String> = ["Dispatch", "Foundation", "Glibc", "Synchronization"]

  private struct Module {
    var name: String
    var files: [String: String]
  }

  private func modules() throws -> [Module] {
    let all = try SourceTree.files(below: "Sources", ending: ".swift")
    return Dictionary(grouping: all) { String($0.key.split(separator: "/")[1]) }
      .map {
        Module(name: $0, files: Dictionary(uniqueKeysWithValues: $1.map { ($0.key, $0.value) }))
      }
  }

  /// The words of lines that begin with `import`.
  private func imports(of text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard let at = words.firstIndex(of: "import"), words[..<at].allSatisfy({ $0.hasPrefix("@") })
      else { return nil }
      return words.dropFirst(at + 1).first.map(String.init)
    }
  }

  @Test func aModuleImportsOnlyWhatItMayKnow() throws {
    let modules = try modules()
    #expect(Set(modules.map(\.name)) == Set(Self.imports.keys))
    for module in modules {
      let allowed = Self.imports[module.name, default: []].union(Self.system)
      for (path, text) in module.files {
        for name in imports(of: text) {
          #expect(allowed.contains(name), "\(path) imports \(name)")
        }
      }
    }
  }

  @Test func onlyOneFolderOfTheWarehouseSpeaksToLibpq() throws {
    for (path, text) in try SourceTree.files(below: "Sources/Warehouse", ending: ".swift")
    where imports(of: text).contains("CLibPQ") {
      #expect(path.hasPrefix("Sources/Warehouse/PQ/"), "\(path)")
    }
  }

  /// Data is not code: what the generator has when no config is given.
  private static let data: Set<String> = ["Sources/EventGenerator/Config/DefaultConfig.swift"]

  @Test(arguments: ["Sources", "Tests"])
  func noFileIsLongerThanFourHundredLines(folder: String) throws {
    for (path, text) in try SourceTree.files(below: folder, ending: ".swift")
    where !Self.data.contains(path) {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
      #expect(lines <= 400, "\(path) has \(lines) lines")
    }
  }

  private static let kinds: Set<Substring> = ["struct", "class", "enum", "actor", "protocol"]
  private static let modifiers: Set<Substring> = [
    "public", "package", "internal", "final", "indirect",
  ]

  /// The name that a line declares at the top level, where others can see it.
  private func typeName(_ line: Substring) -> String? {
    var words = line.split(separator: " ", maxSplits: 5)[...]
    guard !line.hasPrefix(" ") else { return nil }
    while let word = words.first, Self.modifiers.contains(word) || word.hasPrefix("@") {
      words.removeFirst()
    }
    guard let kind = words.first, Self.kinds.contains(kind) else { return nil }
    return words.dropFirst().first.map { String($0.prefix { $0.isLetter || $0.isNumber }) }
  }

  @Test func noTypeNameIsUsedTwice() throws {
    var paths: [String: [String]] = [:]
    for (path, text) in try SourceTree.files(below: "Sources", ending: ".swift") {
      for line in text.split(separator: "\n") {
        if let name = typeName(line) { paths[name, default: []].append(path) }
      }
    }
    #expect(paths.count > 200)
    for (name, places) in paths { #expect(places.count == 1, "\(name): \(places.sorted())") }
  }
}
