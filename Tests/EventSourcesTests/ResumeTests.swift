import EventLog
import EventModel
import Feed
import Foundation
import Support
import TestKit
import Testing

@testable import EventSources

/// Imports the same content, or nearly the same content, more than once.
@Suite struct ResumeTests {
  private static let start = 1_767_225_600_000

  /// A listen of one of seven users.
  private func listen(_ number: Int, artist: String = "A") -> String {
    #"{"ts":\#(Self.start + number * 1000),"sessionId":\#(number % 7),"itemInSession":\#(number),"#
      + #""level":"free","userId":\#(number % 7),"auth":"Logged In","artist":"\#(artist)","#
      + #""song":"S","duration":200.5}"#
  }

  private func lines(_ range: Range<Int>) -> String {
    range.map { listen($0) + "\n" }.joined()
  }

  /// An import that is stopped once this number of lines is read.
  private func importSome(
    _ path: String, into log: any EventLog, stopAfter lines: Int
  ) throws {
    let stop = StopToken()
    let importer = Importer(log, .test(), stop: stop) { _, count in
      if count >= lines { stop.request() }
    }
    #expect(throws: SourceError.self) { try importer.run([path]) }
  }

  @Test func theSameFileAgainAppendsNothingWhereverItLies() throws {
    let folder = try Folder()
    let log = try folder.log
    let first = try folder.write("events.json", lines(0..<100))
    #expect(try runImport([first], into: log).records == 100)
    let copy = try folder.write("copy of it.json", lines(0..<100))
    for path in [first, copy] {
      let again = try runImport([path], into: log)
      #expect(again.records == 0 && again.rows == 0)
      #expect(again.known.map(\.records) == [100] && again.known.map(\.title) == [path])
    }
    #expect(try records(log).count == 100)
    var options = ImportOptions.test()
    options.again = true
    #expect(try runImport([first], into: log, options).records == 100)
    #expect(try records(log).count == 200)
    #expect(try runImport([copy], into: log).known.count == 1)
  }

  @Test func aFileThatHasGrownGoesOnBehindItsFormerEnd() throws {
    let folder = try Folder()
    let log = try folder.log
    var path = try folder.write("events.json", lines(0..<100))
    #expect(try runImport([path], into: log).records == 100)
    path = try folder.write("events.json", lines(0..<150))
    let grown = try runImport([path], into: log)
    #expect(grown.records == 50 && grown.rows == 50)
    path = try folder.write("events.json", lines(0..<151))
    #expect(try runImport([path], into: log).records == 1)
    #expect(try runImport([path], into: log).known.map(\.records) == [151])
    #expect(try records(log).count == 151)
  }

  @Test func aFileThatIsOnlyLikeOneBeforeIsAnother() throws {
    let folder = try Folder()
    let log = try folder.log
    try runImport([try folder.write("a.json", lines(0..<100))], into: log)
    // A file of the same length and the same first line, in which one letter in the middle differs.
    let edited = lines(0..<50) + listen(50, artist: "B") + "\n" + lines(51..<100)
    #expect(edited.utf8.count == lines(0..<100).utf8.count)
    #expect(try runImport([try folder.write("b.json", edited)], into: log).records == 100)
    // A file that is shorter.
    #expect(try runImport([try folder.write("c.json", lines(0..<60))], into: log).records == 60)
    // A last line without a newline may be only a part of a line.
    let torn = lines(0..<70).dropLast()
    #expect(try runImport([try folder.write("d.json", String(torn))], into: log).records == 10)
    let grown = String(torn) + " \n" + lines(70..<80)
    #expect(try runImport([try folder.write("d.json", grown)], into: log).records == 80)
  }

  @Test func anImportThatWasStoppedGoesOnAtTheNextRecordAndAnEditedFileIsNotTakenForIt() throws {
    let folder = try Folder()
    let log = try folder.log
    // The file is longer than the block that is read at a time, and longer than the partitions' buffers.
    let whole = lines(0..<60_000)
    let path = try folder.write("events.json", whole)
    try importSome(path, into: log, stopAfter: 10_000)
    let before = try records(log).count
    #expect(before > 0 && before < 60_000)
    let resumed = try runImport([path], into: log)
    #expect(resumed.recordsBefore == before && resumed.records == 60_000 - before)
    #expect(try Set(records(log).map(\.raw)).count == 60_000)
    #expect(try records(log).count == 60_000)

    let other = try folder.write("other.json", lines(100_000..<160_000))
    try importSome(other, into: log, stopAfter: 10_000)
    let middle = try records(log).count
    let edited =
      lines(100_000..<100_500) + listen(100_500, artist: "B") + "\n" + lines(100_501..<160_000)
    let summary = try runImport([try folder.write("other.json", edited)], into: log)
    #expect(summary.records == 60_000 && summary.recordsBefore == 0)
    #expect(try records(log).count == middle + 60_000)
  }

  @Test func anImportThatDiedBehindALastLineWithoutItsEndDoesNotTakeItForAnother() throws {
    let folder = try Folder()
    let log = try folder.log
    let whole = lines(0..<100)
    let path = try folder.write("events.json", String(whole.dropLast(20)))
    try log.createTopics(Topic.allCases.map(\.name), partitions: 4)
    do {
      // All steps of an import but the last, which marks the file as finished.
      let writer = try EventWriter(log)
      let file = JournaledFile(
        path: path, title: path, journal: try #require(writer.journal),
        reading: LineImport.reading(ofFileNamed: "events.json"), again: false)
      guard case .toRead(let source) = try file.begin() else {
        return #expect(Bool(false), "it is not known")
      }
      var lines = LineImport(writer, name: "events.json")
      try lines.add(source, name: path, stop: StopToken(), progress: { _ in })
      try writer.flush()
    }
    try folder.write("events.json", whole)
    try runImport([path], into: log)
    let all = lines(0..<100).split(separator: "\n").map(String.init)
    #expect(try Set(records(log).map(\.raw)).isSuperset(of: all))
  }

  @Test func aTableOfStreamsIsKnownByItsRowsInAnyOrder() throws {
    let folder = try Folder()
    let log = try folder.log
    let rows = (0..<50).map { "\($0 % 5),t\($0),2026-01-01 10:00:\(10 + $0)" }
    func table(_ rows: [String]) -> String {
      (["user_id,track_id,listen_time"] + rows + ["x,y,z"]).joined(separator: "\n")
    }
    let first = try folder.write("streams.csv", table(rows))
    #expect(try runImport([first], into: log).records == 51)
    let turned = try folder.write("turned.csv", table(rows.reversed()))
    let again = try runImport([turned], into: log)
    #expect(again.records == 0 && again.known.map(\.records) == [51] && again.broken == 1)
    let longer = try folder.write("longer.csv", table(rows + ["1,t1,2026-01-02 10:00:00"]))
    #expect(try runImport([longer], into: log).records == 52)
  }

  @Test func aCompressedFileIsTheOneThatItHolds() throws {
    let folder = try Folder()
    let log = try folder.log
    let path = try folder.write("events.json", lines(0..<2000))
    #expect(try runImport([path], into: log).records == 2000)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", path]
    try process.run()
    process.waitUntilExit()
    #expect(try runImport(["\(path).gz"], into: log).known.count == 1)
  }

  /// Values of the reference implementation, for the empty text and for lengths on both sides of each change
  /// of method.
  @Test(arguments: [
    ("", 0x2D06_8005_38D3_94C2 as UInt64), ("a", 0xE6C6_32B6_1E96_4E1F),
    ("abc", 0x78AF_5F94_892F_3950),
  ])
  func theHashIsXXH3(_ text: String, _ value: UInt64) {
    let whole = ContentHash()
    whole.add(text)
    #expect(whole.value == value)
    let pieces = ContentHash()
    for character in text { pieces.add(String(character)) }
    #expect(pieces.value == value)
  }
}
