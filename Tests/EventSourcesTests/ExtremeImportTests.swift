import EventModel
import Foundation
import TestKit
import Testing

@testable import EventSources

/// I8 for imports: whatever a file contains, an import comes to its end, and no line is lost.
@Suite struct ExtremeImportTests {
  @Test func everyExtremeLineIsInTheLogAsItCameAndTheImplausibleOnesAreCounted() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var extremes = ExtremeRecords(seed: seed, from: 1_772_409_600_000)
    let drawn = (0..<1500).map { _ in extremes.next() }
    let folder = try Folder()
    for topic in Topic.allCases {
      var lines: [UInt8] = []
      for record in drawn where record.topic == topic { lines += record.payload + [0x0A] }
      try folder.write("\(topic.name).json", lines)
    }
    let log = try folder.log
    let summary = try runImport(
      Topic.allCases.map { "\(folder.path)/\($0.name).json" }, into: log)
    #expect(summary.rows == drawn.count && summary.records == drawn.count, "seed \(seed)")
    #expect(summary.broken == Truth(drawn).malformed.count, "seed \(seed)")
    for topic in Topic.allCases {
      let written = drawn.filter { $0.topic == topic }
        .map { String(decoding: $0.payload, as: UTF8.self) }
      #expect(try records(log, topic).map(\.raw).sorted() == written.sorted(), "seed \(seed)")
    }
  }

  /// A title of a table that is longer than an event's may be goes to quarantine when the event is read.
  @Test func aTitleOfATableThatIsTooLongIsAnImplausibleEvent() throws {
    let folder = try Folder()
    let title = String(repeating: "t", count: 1025)
    try folder.write("songs.csv", "track_id,artists,track_name,duration_ms\nt1,A,\(title),200000\n")
    try folder.write("streams.csv", "user_id,track_id,listen_time\n1,t1,2024-06-25 17:43:13\n")
    let log = try folder.log
    try runImport(["\(folder.path)/songs.csv", "\(folder.path)/streams.csv"], into: log)
    let raw = try #require(try records(log).first?.raw)
    let failure = #expect(throws: DecodingFailure.self) {
      try Array(raw.utf8).withUnsafeBytes { try EventDecoder().decodeUnpadded($0, as: .listen) }
    }
    #expect(failure?.field == "song")
  }
}
