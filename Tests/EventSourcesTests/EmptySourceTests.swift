import EventLog
import EventModel
import Foundation
import TestKit
import Testing

@testable import EventSources

@Suite("sources with nothing in them end well and say so")
struct EmptySourceTests {
  @Test("a directory, and one with other files only, in which case the log is not touched")
  func directories() throws {
    let folder = try Folder()
    let log = try EventLogs.open("dir:\(folder.path)/new")
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/in", withIntermediateDirectories: false)
    for _ in 0..<2 {
      let importer = Importer(log, .test())
      try importer.run(["\(folder.path)/in"], beforeWriting: { Issue.record("it writes") })
      #expect(importer.summary.empty.count == 1)
      #expect(importer.summary.empty.first?.contains("/in: no .ndjson") == true)
      try folder.write("in/readme.txt", "no")
    }
    #expect(try folder.names() == ["in"])
  }

  @Test(
    "files without a byte, plain and compressed, and tables with a header only",
    arguments: [
      ("a.ndjson", ""), ("a.csv", ""), ("songs.ndjson", ""), ("anything", ""),
      ("streams.csv", "user_id,track_id,listen_time\n"), ("users.csv", "user_id,user_name\n"),
      ("songs.csv", "track_id,track_name"),
    ])
  func files(name: String, content: String) throws {
    let folder = try Folder()
    let log = try folder.log
    let plain = try folder.write(name, content)
    for path in [plain, try LineImportTests().compressed("gzip", plain)] {
      let summary = try runImport([path], into: log)
      #expect(summary.empty == ["\(path) is empty"], "\(summary)")
      #expect(summary.records == 0 && summary.catalogueRecords == 0 && summary.broken == 0)
    }
  }

  @Test("prefixes and objects")
  func objects() throws {
    let server = try S3Server.shared.get()
    let bucket = try server.bucket(["in/a.json": "", "in/b.csv": "", "other/readme.txt": "no"])
    let folder = try Folder()
    let log = try folder.log
    for (prefix, lines) in [("in/", 2), ("none/", 1), ("other/", 1)] {
      let summary = try runImport(
        ["s3://\(bucket)/\(prefix)"], into: log, .test(s3: server.settings))
      #expect(summary.empty.count == lines, "\(summary)")
    }
  }

  @Test("a database whose tables have no rows")
  func tables() throws {
    let database = try TestDatabase.make(migrated: false)
    try database.connect().script(
      "create table users (user_id bigint, user_name text); create table streams (user_id bigint, "
        + "track_id text, listen_time timestamptz)")
    let folder = try Folder()
    let summary = try runImport([database.url], into: folder.log)
    #expect(summary.empty == ["the database's tables (users, streams) have no rows"])
  }
}
