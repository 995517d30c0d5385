import EventLog
import EventModel
import Foundation
import Support
import Testing

@testable import EventSources

@Suite("objects of a bucket")
struct S3Tests {
  let server: S3Server

  init() throws { server = try S3Server.shared.get() }

  static let header = "user_id,track_id,listen_time\n"

  /// The one line that a person reads; nil where nothing failed.
  func message(_ body: () throws -> Void) throws -> String? {
    do {
      try body()
      return nil
    } catch let error as any UserFacingError {
      return error.message
    }
  }

  @Test("tables and events below a prefix are imported, whatever their keys look like")
  func imports() throws {
    let bucket = try server.bucket([
      "in/users.csv": "user_id,user_name\n1,Ada L\n",
      "in/a b+c/streams é&<1>%41=~'.csv": Self.header + "1,t1,2024-06-25\n",
      "in/2024/events.ndjson": LineImportTests.listen + "\n",
      "in/readme.txt": "no", "in/2024/": "", "other/streams.csv": Self.header + "5,t1,2024-06-25\n",
    ])
    let folder = try Folder()
    let log = try folder.log
    let summary = try runImport(
      ["s3://\(bucket)/in/"], into: log, .test(s3: server.settings))
    #expect(summary.files == 2)
    #expect(summary.records == 2)
    #expect(try records(log).compactMap { $0["userId"] }.sorted() == ["1", "7"])
    #expect(try server.objects(bucket).count == 6)
  }

  @Test("a listing goes on over many pages")
  func pages() throws {
    let objects = Dictionary(
      uniqueKeysWithValues: (0..<1_203).map { ("p/\($0).json", LineImportTests.listen) })
    let bucket = try server.bucket(objects)
    let client = try S3Client(server.settings, stop: StopToken())
    let found = try client.list(S3Location(bucket: bucket, key: "p/"))
    #expect(
      found.map(\.location.key)
        == objects.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    #expect(found.allSatisfy { $0.byteCount == LineImportTests.listen.utf8.count })
    #expect(try server.requests(bucket).count == 2)
    let small = try S3Client(server.settings, stop: StopToken(), pageSize: 100)
    #expect(
      try small.list(S3Location(bucket: bucket, key: "p/1"))
        == found.filter { $0.location.key.hasPrefix("p/1") })
    #expect(try server.requests(bucket).count == 2 + 4)
  }

  @Test("processed objects move to the archive prefix once")
  func archives() throws {
    let table = Self.header + "1,t1,2024-06-25 10:00:00\n"
    let bucket = try server.bucket([
      "in/day 1/streams.csv": table, "in/songs.csv": "track_id,track_name\nt1,One\n",
    ])
    let folder = try Folder()
    let log = try folder.log
    let options = ImportOptions.test(archive: "in/done", s3: server.settings)
    try runImport(["s3://\(bucket)/in/"], into: log, options)
    try publish(log, s3: server.settings)
    #expect(
      try server.objects(bucket) == [
        "in/done/day 1/streams.csv": table, "in/songs.csv": "track_id,track_name\nt1,One\n",
      ])
    // Archived objects are not imported again.
    #expect(try runImport(["s3://\(bucket)/in/"], into: log, options).records == 0)
    try publish(log, s3: server.settings)
    #expect(try records(log).count == 1)
    // The same object again, as after a crash between copy and delete: no second copy, the same identities.
    try server.put(bucket, "in/day 1/streams.csv", table)
    try runImport(["s3://\(bucket)/in/"], into: log, options)
    try publish(log, s3: server.settings)
    #expect(
      try server.objects(bucket).keys.sorted() == ["in/done/day 1/streams.csv", "in/songs.csv"])
    #expect(try Set(records(log).map(\.identity)).count == 1)
    // Other content under the same key does not replace the archived object.
    try server.put(bucket, "in/day 1/streams.csv", Self.header)
    try runImport(["s3://\(bucket)/in/"], into: log, options)
    try publish(log, s3: server.settings)
    let objects = try server.objects(bucket)
    #expect(objects["in/done/day 1/streams.csv"] == table)
    #expect(objects["in/done/day 1/streams.csv.2"] == Self.header)
    #expect(objects.count == 3)
  }

  @Test("an archive can be another bucket")
  func otherBucket() throws {
    let bucket = try server.bucket(["streams.csv": Self.header + "1,t1,2024-06-25\n"])
    let archive = try server.bucket([:])
    let folder = try Folder()
    let log = try folder.log
    try runImport(
      ["s3://\(bucket)"], into: log, .test(archive: "s3://\(archive)", s3: server.settings))
    #expect(try server.objects(archive).isEmpty)
    try publish(log, s3: server.settings)
    #expect(try server.objects(bucket).isEmpty)
    #expect(try server.objects(archive).keys.sorted() == ["streams.csv"])
  }

  @Test("nothing is archived that could not be imported")
  func keepsWhatFailed() throws {
    let bucket = try server.bucket([
      "a.csv": Self.header + "1,t1,2024-06-25\n", "b.json": LineImportTests.listen,
    ])
    try server.fail(bucket, "GET", count: 1000, status: 0)
    let folder = try Folder()
    let log = try folder.log
    let options = ImportOptions.test(archive: "done", s3: server.settings)
    #expect(try message { try runImport(["s3://\(bucket)"], into: log, options) } != nil)
    #expect(try server.objects(bucket).keys.sorted() == ["a.csv", "b.json"])
  }

  @Test(
    "an object that is replaced while it is imported is neither taken for the old one nor deleted")
  func replaced() throws {
    let bucket = try server.bucket(["s.json": LineImportTests.listen])
    let client = try S3Client(server.settings, stop: StopToken())
    let object = try #require(try client.list(S3Location(bucket: bucket, key: "")).first)
    try server.put(bucket, "s.json", "other")
    let folder = try Folder()
    #expect { try client.get(object, into: "\(folder.path)/s") } throws: {
      "\($0)".contains("was replaced")
    }
    #expect {
      try client.copy(object, to: S3Location(bucket: bucket, key: "done/s.json"))
    } throws: {
      "\($0)".contains("was replaced")
    }
    #expect(try server.objects(bucket)["s.json"] == "other")
  }

  @Test("failures that pass are tried again", arguments: [500, 503, 0])
  func retries(status: Int) throws {
    let bucket = try server.bucket(["s.json": LineImportTests.listen])
    let folder = try Folder()
    let log = try folder.log
    try server.fail(bucket, "GET", count: 3, status: status)
    try server.fail(bucket, "PUT", count: 2, status: 503)
    try server.fail(bucket, "DELETE", count: 2, status: 503)
    try runImport(["s3://\(bucket)/"], into: log, .test(archive: "done", s3: server.settings))
    try publish(log, s3: server.settings)
    #expect(try records(log).map(\.raw) == [LineImportTests.listen])
    #expect(try server.objects(bucket).keys.sorted() == ["done/s.json"])
  }

  @Test("failures that stay are given up after five tries")
  func givesUp() throws {
    let bucket = try server.bucket(["s.json": LineImportTests.listen])
    try server.fail(bucket, "GET", count: 1000, status: 503)
    let folder = try Folder()
    let log = try folder.log
    let words = try message {
      try runImport(["s3://\(bucket)/"], into: log, .test(s3: server.settings))
    }
    #expect(words?.contains("HTTP 503") == true)
    #expect(words?.contains("5 tries") == true)
    #expect(try server.requests(bucket).count == 5)
  }

  @Test("messages name the bucket, the status and what to do")
  func messages() throws {
    let folder = try Folder()
    let log = try folder.log
    let bucket = try server.bucket(["x.txt": ""])
    func words(_ operand: String, _ settings: S3Settings) throws -> String {
      try message { try runImport([operand], into: log, .test(s3: settings)) } ?? "imported"
    }
    let missing = try words("s3://no-such-bucket/x", server.settings)
    #expect(
      missing.contains("no-such-bucket") && missing.contains("404")
        && missing.contains("check the bucket's name"))
    var wrong = server.settings
    wrong.secretKey = "wrong"
    let secret = try words("s3://\(bucket)/x", wrong)
    #expect(
      secret.contains("403") && secret.contains("SignatureDoesNotMatch")
        && secret.contains("AWS_SECRET_ACCESS_KEY"))
    wrong.accessKey = "nobody"
    #expect(try words("s3://\(bucket)/x", wrong).contains("InvalidAccessKeyId"))
    let gone = S3Settings(accessKey: "a", secretKey: "b", endpoint: "http://127.0.0.1:1")
    let unreachable = try words("s3://\(bucket)/x", gone)
    #expect(unreachable.contains("127.0.0.1") && unreachable.contains("check the network"))
    #expect(!secret.contains("wrong") && !unreachable.contains("secret"))
  }

  @Test("a session token is sent and signed")
  func token() throws {
    let bucket = try server.bucket(["s.json": LineImportTests.listen])
    var settings = server.settings
    settings.sessionToken = "a/b+c=="
    let folder = try Folder()
    let log = try folder.log
    #expect(try runImport(["s3://\(bucket)/"], into: log, .test(s3: settings)).records == 1)
  }

  @Test("a stop ends an import without waiting for pauses")
  func stops() throws {
    let bucket = try server.bucket(["s.json": LineImportTests.listen])
    try server.fail(bucket, "GET", count: 1000, status: 503)
    let stop = StopToken()
    stop.request()
    let client = try S3Client(server.settings, stop: stop, firstPause: 600)
    #expect {
      _ = try client.list(S3Location(bucket: bucket, key: ""))
    } throws: { ($0 as? SourceError)?.code == .stopped }
  }

  @Test("where an object is: Amazon's hosts, buckets with dots, other servers")
  func urls() throws {
    var settings = S3Settings(accessKey: "a", secretKey: "b", region: "eu-central-1")
    #expect(
      settings.url(bucket: "music", key: "a b/é.csv")
        == "https://music.s3.eu-central-1.amazonaws.com/a%20b/%C3%A9.csv")
    #expect(
      settings.url(bucket: "my.music", key: "", query: "list-type=2")
        == "https://s3.eu-central-1.amazonaws.com/my.music?list-type=2")
    settings.endpoint = "http://127.0.0.1:9000/"
    #expect(settings.url(bucket: "music", key: "x") == "http://127.0.0.1:9000/music/x")
    let environment = [
      "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "",
      "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "https://minio",
    ]
    #expect(
      try S3Settings(environment: environment)
        == S3Settings(
          accessKey: "k", secretKey: "s", region: "eu-west-1", endpoint: "https://minio"))
    #expect { try S3Settings(environment: ["AWS_ACCESS_KEY_ID": "k"]) } throws: {
      "\($0)".contains("AWS_SECRET_ACCESS_KEY")
    }
  }
}
