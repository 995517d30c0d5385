import EventModel
import Foundation
import Testing

@testable import EventGenerator

@Suite struct OutputTests {
  @Test func theTruthIsWhatTheFilesHold() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.path + "/deep/er"
    try FileOutput(directory: directory).finish()
    #expect(FileManager.default.fileExists(atPath: directory + "/truth.json"))
    let output = try FileOutput(directory: directory)
    var simulation = try standardSimulation(seed: 6, users: 150, days: 1)
    try simulation.run(until: nil) { event in
      try output.write(event)
      return true
    }
    // What an earlier run left says nothing about this one.
    #expect(!FileManager.default.fileExists(atPath: directory + "/truth.json"))
    let partial = try FileManager.default.contentsOfDirectory(atPath: directory)
    #expect(partial.count { $0.hasSuffix(".partial") } == 3)
    try output.finish()
    let files = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    #expect(
      files == [
        "auth_events.ndjson", "listen_events.ndjson", "page_view_events.ndjson", "truth.json",
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
    let truth = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(truth["events"] as? [String: Int] == totals)
    #expect(truth["pages"] as? [String: Int] == pages)
    let rows = try #require(truth["minutes"] as? [[String: Any]])
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
    var truth = GeneratorTruth()
    for ts: Int64 in [60_000, 0, 119_999, 59_999, 60_001, -1] {
      var event = Event(topic: .auth)
      event.ts = ts
      event.success = ts == 0
      truth.record(event)
    }
    #expect(truth.total(.auth) == 6)
    #expect(truth.logins == 1 && truth.failedLogins == 5)
    #expect(truth.minutes.map(\.start) == [-60_000, 0, 60_000])
    #expect(truth.minutes.map { $0.counts[Int(Topic.auth.rawValue)] } == [1, 2, 3])
  }

  @Test func theTruthCountsPagesByTextWhereverItLies() {
    var truth = GeneratorTruth()
    var bytes = Array("Home".utf8)
    func view() {
      bytes.withUnsafeBufferPointer { text in
        var event = Event(topic: .pageView)
        event.page = ByteSlice(start: text.baseAddress, count: text.count)
        truth.record(event)
      }
    }
    view()
    bytes[3] = UInt8(ascii: "a")
    view()
    bytes = Array("Home".utf8) + [0]
    bytes.removeLast()
    view()
    #expect(truth.pages == ["Home": 2, "Homa": 1])
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
    try output.write(Event(topic: .listen))
    let error = try #require(throws: GeneratorError.self) { try output.finish() }
    #expect(error.code == .writeFailed)
    #expect(error.message.contains("listen_events.ndjson.partial"))
    #expect(error.message.contains("No space left"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/listen_events.ndjson"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/truth.json"))
  }
}
