import Foundation
import TestKit

/// The seeds with which a model test has failed before, one line `<case> <seed>` each in a file of
/// `Tests/Seeds`. A new line is committed together with the change that mends the failure. `#` begins a
/// comment.
struct FailedSeeds {
  private let file: URL

  init(_ name: String) { file = SourceTree.root.appendingPathComponent("Tests/Seeds/\(name).txt") }

  func seeds(of name: String) throws -> [UInt64] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
      let words = line.prefix { $0 != "#" }.split(separator: " ")
      return words.count == 2 && words[0] == name ? UInt64(words[1]) : nil
    }
  }

  /// Adds a seed that has failed now, so that the next run begins with it.
  func add(_ seed: UInt64, of name: String) throws {
    guard try !seeds(of: name).contains(seed) else { return }
    let handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("\(name) \(seed)\n".utf8))
    try handle.close()
  }
}
