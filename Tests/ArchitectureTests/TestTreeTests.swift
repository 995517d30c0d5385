import Foundation
import TestKit
import Testing

/// Every module has its suite, and what lies between two modules is tested between them.
@Suite struct TestTreeTests {
  private func folders(below folder: String) throws -> Set<String> {
    let paths = try SourceTree.files(below: folder, ending: ".swift").keys
    return Set(paths.map { String($0.split(separator: "/")[1]) })
  }

  @Test func everyModuleHasASuiteOfItsName() throws {
    let suites = try folders(below: "Tests")
    // The command line is tested as it is used.
    for module in try folders(below: "Sources") where module != "polyrhythm" {
      #expect(suites.contains(module + "Tests"), "\(module) has no suite")
    }
    for suite in ["EndToEndTests", "HandoffTests"] { #expect(suites.contains(suite)) }
  }

  @Test(arguments: [("SpeedLayerTests", "Batch"), ("BatchLayerTests", "Speed")])
  func theSuiteOfOneLayerDoesNotKnowTheOther(_ suite: String, _ other: String) throws {
    for (path, text) in try SourceTree.files(below: "Tests/\(suite)", ending: ".swift") {
      for module in ["\(other)Layer", "\(other)TestKit"] {
        #expect(!text.contains("import \(module)\n"), "\(path) imports \(module)")
      }
    }
  }

  /// `cutClosesItsEpoch` says what fails where it fails; `cut` does not.
  @Test func everyTestIsNamedByASentence() throws {
    var count = 0
    for (path, text) in try SourceTree.files(below: "Tests", ending: ".swift") {
      for match in text.matches(of: /\n  @Test\b(?<traits>[^{]*?)\bfunc (?<name>\w+)/) {
        count += 1
        let words = match.name.count { $0.isUppercase } + 1
        let isNamedInWords = match.traits.contains(/^\(\s*"/)
        #expect(words > 2 || isNamedInWords, "\(path): \(match.name)")
      }
    }
    #expect(count > 500)
  }
}
