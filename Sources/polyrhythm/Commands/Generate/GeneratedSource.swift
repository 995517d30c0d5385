import EventGenerator
import EventSources
import Foundation
import Support

/// The name under which a log remembers a run of `generate`. The same simulation gives the same events, so a run
/// that was killed is found by its name, and goes on at the next event.
struct GeneratedSource {
  /// A hash of everything that the events depend on.
  let id: String
  let title: String
  /// The run's end in event time, milliseconds since 1970-01-01 UTC; nil where only a stop ends it.
  let end: Int64?
  /// True where the last lines depend on the end, because lines are held back (faults) or sessions are finished. Then
  /// a run with another end is another source, and a run that was stopped cannot be continued.
  let endsForGood: Bool
  /// Whether a run that the log has already is written once more.
  let again: Bool

  /// Flags whose text alone decides about the events; the contents of files are hashed beside it.
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
