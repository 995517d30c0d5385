import EventLog
import EventModel
import Foundation
import Support
import Synchronization
import TestKit
import Testing

@testable import EventSources

@Suite("a watch imports what arrives")
struct SourceWatchTests {
  /// A watch whose looks the test makes itself.
  private final class Looks {
    let folder: Folder
    let log: any EventLog
    private(set) var said: [String] = []
    private var watch: SourceWatch?
    private let operands: [String]

    init(_ operands: [String]? = nil, s3: S3Settings? = nil, archive: Bool = false) throws {
      folder = try Folder()
      log = try folder.log
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/in", withIntermediateDirectories: false)
      self.operands = operands ?? ["\(folder.path)/in"]
      let options = ImportOptions.test(archive: archive ? "\(folder.path)/done" : nil, s3: s3)
      watch = SourceWatch(Importer(log, options), interval: 1, stop: StopToken()) {
        [unowned self] in
        said.append($0)
      }
    }

    /// - Returns: records of events that came in.
    @discardableResult
    func look(_ count: Int = 1) throws -> Int {
      var records = 0
      for _ in 0..<count {
        try watch?.look(operands, {}, { records += $0.records })
      }
      return records
    }

    func append(_ name: String, _ text: String) throws {
      let before = FileManager.default.contents(atPath: "\(folder.path)/\(name)") ?? Data()
      try folder.write(name, before + Data(text.utf8))
    }
  }

  private func line(_ number: Int) -> String {
    LineImportTests.listen.replacing("\"itemInSession\":0", with: "\"itemInSession\":\(number)")
      + "\n"
  }

  @Test("a file is taken when two looks find the same, and goes on where it grows later")
  func complete() throws {
    let looks = try Looks()
    for number in 0..<4 {
      try looks.append("in/a.ndjson", line(number))
      #expect(try looks.look() == 0)
    }
    #expect(try looks.look() == 4)
    #expect(try looks.look(3) == 0)
    try looks.append("in/a.ndjson", line(4))
    #expect(try looks.look() == 0)
    #expect(try looks.look() == 1)
    #expect(looks.said == [])
  }

  @Test("temporary names are left alone until they are given their own")
  func temporary() throws {
    let looks = try Looks()
    for name in ["a.ndjson.part", ".a.ndjson", ".a.ndjson.x7Gh2", "b.csv~", "c.tmp"] {
      try looks.folder.write("in/\(name)", line(0))
    }
    #expect(try looks.look(3) == 0)
    try FileManager.default.moveItem(
      atPath: "\(looks.folder.path)/in/a.ndjson.part", toPath: "\(looks.folder.path)/in/a.ndjson")
    #expect(try looks.look(2) == 1)
  }

  @Test(
    "a broken file is named once, keeps nothing else from it, and is tried again when it changes")
  func broken() throws {
    let looks = try Looks()
    let plain = try looks.folder.write(
      "whole.ndjson", (0..<20_000).map { line($0 + 100) }.joined())
    let packed = try Data(
      contentsOf: URL(fileURLWithPath: LineImportTests().compressed("gzip", plain)))
    try looks.folder.write("in/a.csv", "no,such,header\n1,2,3\n")
    try looks.folder.write("in/b.ndjson.gz", packed.prefix(packed.count / 2))
    try looks.folder.write("in/c.ndjson", line(0))
    #expect(try looks.look() == 0)
    #expect(try looks.look() >= 1)
    #expect(looks.said.count == 2)
    #expect(looks.said[0].contains("/in/a.csv") && looks.said[1].contains("/in/b.ndjson.gz"))
    #expect(try looks.look(3) == 0 && looks.said.count == 2)
    try looks.folder.write("in/a.csv", S3Tests.header + "1,t1,2024-06-25\n")
    try looks.folder.write("in/b.ndjson.gz", packed)
    try looks.look(2)
    #expect(looks.said.count == 2)
    #expect(try Set(records(looks.log).map(\.raw)).count == 20_002)
  }

  @Test("users and songs are remembered for the streams that come later")
  func tables() throws {
    let looks = try Looks(archive: true)
    try looks.folder.write("in/users.csv", TableImportTests.users)
    try looks.folder.write("in/songs.csv", TableImportTests.songs)
    try looks.look(2)
    try looks.folder.write("in/streams.csv", S3Tests.header + "1,t1,2024-06-25\n")
    #expect(try looks.look(2) == 1)
    let event = try #require(records(looks.log).first)
    #expect(event["firstName"] == "Ada" && event["artist"] != nil)
    #expect(try looks.folder.names("in") == ["songs.csv", "streams.csv", "users.csv"])
    try publish(looks.log)
    #expect(try looks.folder.names("in") == ["songs.csv", "users.csv"])
    // The same name again is a new file.
    try looks.folder.write("in/streams.csv", S3Tests.header + "2,t1,2024-06-26\n")
    #expect(try looks.look(2) == 1)
  }

  @Test("objects are taken at the first look, as they are whole once they are there")
  func objects() throws {
    let server = try S3Server.shared.get()
    let bucket = try server.bucket([
      "in/a.ndjson": line(0), "in/b.csv": "x", "in/c.ndjson.part": "x",
    ])
    let looks = try Looks(["s3://\(bucket)/in/"], s3: server.settings)
    #expect(try looks.look() == 1)
    #expect(looks.said.count == 1 && looks.said[0].contains("in/b.csv"))
    try server.put(bucket, "in/d.ndjson", line(1))
    try server.put(bucket, "in/b.csv", S3Tests.header + "1,t1,2024-06-25\n")
    #expect(try looks.look() == 2)
    let before = try server.requests(bucket).count
    #expect(try looks.look() == 0)
    #expect(try server.requests(bucket).count == before + 1, "it downloads what is in the log")
  }

  @Test("the stop ends it; what goes wrong later is said once and tried again")
  func runs() throws {
    let folder = try Folder()
    let log = try folder.log
    let stop = StopToken()
    let said = Mutex<[String]>([])
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/in", withIntermediateDirectories: false)
    let worker = Worker("watch") { [path = folder.path] in
      let importer = Importer(log, .test(), stop: stop)
      try SourceWatch(importer, interval: 0.1, stop: stop) { line in
        said.withLock { $0.append(line) }
      }.run(["\(path)/in"], report: { _ in })
    }
    defer { stop.request() }
    func count() throws -> Int { try records(log).count }
    try folder.write("in/a.ndjson", line(0))
    #expect(eventually(within: 30) { (try? count()) == 1 })
    try FileManager.default.moveItem(
      atPath: "\(folder.path)/in", toPath: "\(folder.path)/away")
    #expect(eventually(within: 30) { said.withLock { $0.count } == 1 })
    try FileManager.default.moveItem(
      atPath: "\(folder.path)/away", toPath: "\(folder.path)/in")
    try folder.write("in/b.ndjson", line(1))
    #expect(eventually(within: 30) { (try? count()) == 2 })
    stop.request()
    try worker.wait()
    #expect(said.withLock { $0.count } == 1)
  }

  @Test("places that are not there, and what is no place, are refused at the start")
  func refusals() throws {
    let folder = try Folder()
    let file = try folder.write("a.ndjson", line(0))
    let importer = Importer(try folder.log, .test())
    let watch = SourceWatch(importer, interval: 1, stop: StopToken(), say: { _ in })
    for (operand, code) in [
      ("\(folder.path)/none", SourceError.Code.notFound), (file, .configuration),
    ] {
      #expect { try watch.run([operand], report: { _ in }) } throws: {
        ($0 as? SourceError)?.code == code
      }
    }
  }
}
