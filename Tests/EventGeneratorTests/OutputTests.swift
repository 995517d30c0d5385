import EventModel
import Foundation
import Testing

@testable import EventGenerator

@Suite struct OutputTests {
  @Test func theTruthIsWhatTheFilesHold() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.path + "/deep/er"
    try FileOutput(directory: directory).finish(GeneratorTruth(pages: []))
    #expect(FileManager.default.fileExists(atPath: directory + "/truth.json"))
    let output = try FileOutput(directory: directory)
    var simulation = try standardSimulation(seed: 6, users: 150, days: 1)
    var truth = GeneratorTruth(pages: simulation.scenario.pages)
    _ = try simulation.runLines(until: nil) { line in
      try output.write(line)
      truth.record(line.header)
      return true
    }
    truth.cutSessions = simulation.sessionsUnderWay
    // The truth of an earlier run does not describe this one.
    #expect(!FileManager.default.fileExists(atPath: directory + "/truth.json"))
    let partial = try FileManager.default.contentsOfDirectory(atPath: directory)
    #expect(partial.count { $0.hasSuffix(".partial") } == 5)
    try output.finish(truth)
    let files = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    #expect(
      files == [
        "auth_events.ndjson", "listen_events.ndjson", "page_view_events.ndjson", "songs.ndjson",
        "truth.json", "users.ndjson",
      ])

    var totals: [String: Int] = [:]
    var minutes: [Int64: [String: Int]] = [:]
    var pages: [String: Int] = [:]
    var bytes = 0
    for topic in Topic.allCases {
      let text = try String(contentsOfFile: "\(directory)/\(topic.name).ndjson", encoding: .utf8)
      bytes += text.utf8.count
      for line in text.split(separator: "\n") {
        let event = try #require(
          try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let ts = try #require(event["ts"] as? Int64)
        totals[topic.name, default: 0] += 1
        minutes[ts - ts % 60_000, default: [:]][topic.name, default: 0] += 1
        if let page = event["page"] as? String { pages[page, default: 0] += 1 }
      }
    }
    #expect(output.byteCount == Int64(bytes))
    let data = try Data(contentsOf: URL(fileURLWithPath: directory + "/truth.json"))
    let written = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(written["events"] as? [String: Int] == totals)
    #expect(written["lines"] as? Int == totals.values.reduce(0, +))
    #expect(written["pages"] as? [String: Int] == pages)
    let rows = try #require(written["minutes"] as? [[String: Any]])
    #expect(rows.count == minutes.count)
    for row in rows {
      let start = try #require(row["start"] as? Int64)
      for topic in Topic.allCases {
        #expect(row[topic.name] as? Int == minutes[start]?[topic.name] ?? 0)
      }
    }
    let starts = rows.compactMap { $0["start"] as? Int64 }
    #expect(starts == starts.sorted())
  }

  @Test func theTruthCountsEventsInAnyOrder() {
    var truth = GeneratorTruth(pages: [])
    for ts: Int64 in [60_000, 0, 119_999, 59_999, 60_001, -1] {
      var event = Event(topic: .auth)
      event.ts = ts
      event.success = ts == 0
      truth.record(EventLine.Header(event, number: 0, song: -1, page: 0))
    }
    #expect(truth.total(.auth) == 6)
    #expect(truth.total(.auth, .outOfOrder) == 4)
    #expect(truth.logins == 1 && truth.failedLogins == 5)
    #expect(truth.minutes.map(\.start) == [-60_000, 0, 60_000])
    #expect(truth.minutes.map { $0.count(.auth) } == [1, 2, 3])
    #expect(truth.minutes.map { $0.count(.auth, .outOfOrder) } == [1, 2, 1])
  }

  @Test func aTruthWithoutMinutesCountsAllTheSame() throws {
    var simulation = try standardSimulation(seed: 6, users: 50)
    var whole = GeneratorTruth(pages: simulation.scenario.pages)
    var brief = GeneratorTruth(pages: simulation.scenario.pages, keepsMinutes: false)
    _ = simulation.runLines(until: nil) {
      whole.record($0.header)
      brief.record($0.header)
      return true
    }
    #expect(brief.minutes.isEmpty && whole.minutes.count > 100)
    #expect(brief.lines == whole.lines && brief.pages == whole.pages)
    #expect(brief.sessions == whole.sessions && brief.logins == whole.logins)
  }

  @Test func aDirectoryThatCannotBeMadeIsNamed() throws {
    let scratch = try ScratchDirectory()
    let file = scratch.path + "/file"
    try Data().write(to: URL(fileURLWithPath: file))
    for path in [file, file + "/below", "/proc/polyrhythm"] {
      let error = try #require(throws: GeneratorError.self) { try FileOutput(directory: path) }
      #expect(error.code == .cannotCreate)
      #expect(error.message.contains(path))
    }
  }

  @Test func aFullDiskIsSaidAndLeavesNoFinishedFile() throws {
    let scratch = try ScratchDirectory()
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/listen_events.ndjson.partial", withDestinationPath: "/dev/full")
    let output = try FileOutput(directory: scratch.path)
    let bytes = Array("{}".utf8)
    try bytes.withUnsafeBytes {
      let header = EventLine.Header(Event(topic: .listen), number: 0, song: -1, page: 0)
      try output.write(EventLine(header: header, bytes: $0))
    }
    let error = try #require(throws: GeneratorError.self) {
      try output.finish(GeneratorTruth(pages: []))
    }
    #expect(error.code == .writeFailed)
    #expect(error.message.contains("listen_events.ndjson.partial"))
    #expect(error.message.contains("No space left"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/listen_events.ndjson"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/truth.json"))
  }
}
