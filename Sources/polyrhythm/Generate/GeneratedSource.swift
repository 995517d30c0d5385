import EventGenerator
import EventSources
import Foundation
import Support

/// What a run of `generate` is to a log that remembers its sources: the same simulation gives the same
/// events, so that a run that was killed goes on at the next one.
struct GeneratedSource {
  /// A hash of everything that the events depend on.
  let id: String
  let title: String
  /// Where it ends, milliseconds since 1970-01-01 UTC; nil where only a stop ends it.
  let end: Int64?
  /// Lines are held back and given out at the end, wherever that is: a run with another end is another
  /// source, and one that was stopped cannot go on.
  let endsForGood: Bool
  let again: Bool

  /// Flags that the events depend on by their words alone.
  private static let flags = [
    "--users", "--growth-rate", "--attrition-rate", "--gap-distribution", "--finish-sessions",
    "--tag", "--groups", "--first-user-id", "--countries", "--local-time", "--late-fraction",
    "--late-by", "--duplicate-fraction", "--duplicate-by", "--malformed-fraction",
    "--out-of-order-by",
  ]

  init(_ arguments: Arguments, _ scenario: Scenario, _ faults: FaultPlan) {
    let config = scenario.config
    let hash = ContentHash()
    hash.add("generator \(GeneratorState.currentVersion)\n")
    hash.add("seed \(config.seed) users \(config.users) from \(config.start)\n")
    for flag in Self.flags { hash.add("\(flag)=\(arguments.string(flag) ?? "")\n") }
    for path in Self.files(arguments) {
      let content = FileManager.default.contents(atPath: path) ?? Data()
      hash.add("file of \(content.count) bytes\n")
      content.withUnsafeBytes { hash.add($0) }
    }
    end = config.end
    endsForGood = !faults.isNone || scenario.finishesSessions
    if endsForGood { hash.add("to \(end.map { "\($0)" } ?? "")\n") }
    id = "generate-\(hash.text)"
    title = "generate --seed \(config.seed) --from \(ISOTime.text(config.start))"
    again = arguments.has("--again")
  }

  /// The files that the events depend on.
  private static func files(_ arguments: Arguments) -> [String] {
    var files = arguments.string("--config").map { [$0] } ?? []
    for group in (arguments.string("--groups") ?? "").split(separator: ",") {
      let parts = group.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { files.append(String(parts[1])) }
    }
    if let directory = arguments.string("--catalogue") {
      files += CatalogueFolder.files(in: directory)
    }
    return files
  }
}
