import Foundation
import Testing

@Suite struct LayeringTests {
  @Test func onlyThePQDirectoryImportsLibpq() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")
    let files = try #require(FileManager.default.enumerator(atPath: root.path))
      .compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }
    let importers = try files.filter { file in
      try String(contentsOf: root.appendingPathComponent(file), encoding: .utf8)
        .contains("import CLibPQ")
    }
    #expect(!importers.isEmpty)
    #expect(importers.filter { !$0.hasPrefix("Warehouse/PQ/") } == [])
  }
}
