import EventLog
import EventModel
import Feed
import Foundation
import Support

/// Brings the songs and users that an import meets, in tables or as lines of JSON, into the catalogue's topics of the log.
final class CatalogueImport {
  private let log: any EventLog
  private let partitions: Int
  /// Made with the first record.
  private var writer: CatalogueWriter?
  private let now = Int64(Date().timeIntervalSince1970 * 1000)
  private var fields = JSONFields()
  private let again: Bool
  /// Whether the log has all of the file that is being read.
  private var isKnown = false
  /// While a database is read: what the log has already, as of its tables no file can be told again.
  private var members: KnownMembers?

  /// - Parameter again: whether to append once more what the log has all of.
  init(_ log: any EventLog, partitions: Int, again: Bool) {
    self.log = log
    self.partitions = partitions
    self.again = again
  }

  /// Begins a file, told by its content.
  /// - Returns: the log's record of it where the log has all of it; nothing that is added until `finish` is appended then.
  func begin(_ path: String, title: String) throws -> SourceRecord? {
    isKnown = false
    // A pipe can be read only once, so that its content cannot be told before.
    guard FileSystem.isFile(path), let journal = try open().journal else { return nil }
    let source = HashedSource(try ByteSources.open(path, name: title))
    try source.skip(to: .max)
    let prefix = "catalogue-\(source.hash.text)"
    if !again, let known = try journal.known(prefix).last(where: \.isFinished) {
      isKnown = true
      return known
    }
    try journal.begin(prefix, title: title)
    return nil
  }

  /// Begins tables of a database: of what is added until `finish`, that is appended which the log does not say already.
  func beginTables() throws(EventLogError) {
    isKnown = false
    members = again ? nil : try KnownMembers(log)
  }

  /// Says that all of the file, or of the tables, is added.
  func finish() throws(EventLogError) {
    defer { members = nil }
    if members == nil, !isKnown, let writer {
      try writer.sync()
      try writer.journal?.finish(extent: Int64(writer.count))
    }
    isKnown = false
  }

  /// The topic of a file of lines; nil where the lines are events.
  static func topic(ofFileNamed name: String) -> CatalogueTopic? {
    let plain = SourceFile.plainName(name)
    return CatalogueTopic.allCases.first { topic in
      SourceFile.eventEndings.contains { plain == topic.name + $0 }
    }
  }

  /// Adds a row of a table of users. A row that says nothing which a record can have is left out.
  /// - Returns: what is wrong with values that were left open for it.
  func add(_ user: StreamReferences.User, id: Int64) throws(EventLogError) -> [DecodingFailure] {
    fields.removeAll()
    fields.add("userId", id)
    fields.add("firstName", text: user.firstName)
    fields.add("lastName", text: user.lastName)
    fields.add("gender", text: user.gender)
    fields.add("country", text: user.country)
    if let registration = user.registration { fields.add("registration", registration) }
    guard !isKnown else { return [] }
    let (record, odd) = meant(with: user.fields, UserRecord.init)
    if let record { try append(.user(record)) }
    return odd
  }

  /// Adds a row of a table of songs, in the same way.
  func add(_ song: StreamReferences.Song, id: ByteSlice) throws(EventLogError) -> [DecodingFailure]
  {
    fields.removeAll()
    fields.add("trackId", text: id)
    fields.add("artists", text: song.artist)
    fields.add("title", text: song.title)
    if let duration = song.duration { fields.add("duration", duration) }
    guard !isKnown else { return [] }
    var (record, odd) = meant(with: song.fields, SongRecord.init)
    if let failure = record?.leaveOddPopularityOpen() { odd.append(failure) }
    if let record { try append(.song(record)) }
    return odd
  }

  private func append(_ record: CatalogueRecord) throws(EventLogError) {
    if members?.note(record) != false { try open().append(record, at: now) }
  }

  /// The record that the fields and further ones make together, without those that no such record can have; nil where
  /// there is none without them either.
  private func meant<Record>(
    with others: ByteSlice, _ make: (UnsafeRawBufferPointer) throws(DecodingFailure) -> Record
  ) -> (record: Record?, odd: [DecodingFailure]) {
    var bytes =
      [UInt8(ascii: "{")] + fields.bytes.dropFirst() + Array(others.buffer) + [UInt8(ascii: "}")]
    var odd: [DecodingFailure] = []
    while true {
      do throws(DecodingFailure) {
        let record = try bytes.withUnsafeBufferPointer { (bytes) throws(DecodingFailure) in
          try make(UnsafeRawBufferPointer(bytes))
        }
        return (record, odd)
      } catch {
        guard let others = Self.object(bytes, without: error.field) else { return (nil, odd) }
        odd.append(error)
        bytes = others
      }
    }
  }

  /// nil where the object has no such field.
  private static func object(_ bytes: [UInt8], without field: String) -> [UInt8]? {
    guard var object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
      object.removeValue(forKey: field) != nil
    else { return nil }
    return (try? JSONSerialization.data(withJSONObject: object)).map(Array.init)
  }

  /// What became of the lines of a file.
  struct LinesTaken {
    var count = 0
    /// Lines that are no records.
    var leftOut = 0
    /// The first of them: its number, from 1, and what is wrong with it.
    var firstLeftOut: (line: Int, reason: String)?
    /// Values that were left open, each with its line's number.
    var odd: [(line: Int, failure: DecodingFailure)] = []
  }

  /// Adds lines of JSON; those that are no records are left out.
  func add(
    linesOf source: any ByteSource, _ topic: CatalogueTopic, name: String, stop: StopToken
  ) throws -> LinesTaken {
    let reader = LineReader(source)
    var lines = LinesTaken()
    while try reader.fill() {
      if stop.isRequested { throw SourceError(.stopped, "\(name): stopped") }
      while let line = reader.next() {
        lines.count += 1
        do {
          switch topic {
          case .songs:
            var song = try SongRecord(line)
            if let failure = song.leaveOddPopularityOpen() {
              lines.odd.append((lines.count, failure))
            }
            try open().append(.song(song), at: now)
          case .users: try open().append(.user(UserRecord(line)), at: now)
          }
        } catch let failure as DecodingFailure {
          lines.leftOut += 1
          if lines.firstLeftOut == nil { lines.firstLeftOut = (lines.count, failure.reason) }
        }
      }
    }
    return lines
  }

  private func open() throws(EventLogError) -> CatalogueWriter {
    if let writer { return writer }
    let writer = try CatalogueWriter(log, partitions: partitions)
    self.writer = writer
    return writer
  }

  /// Returns when all is on the storage device, and lets go of the log; more may be added later.
  /// - Returns: how many records were appended.
  func close() throws(EventLogError) -> Int {
    try writer?.close()
    defer { writer = nil }
    return writer?.count ?? 0
  }

  /// Lets go of the log as a process does that dies.
  func abandon() { writer = nil }
}
