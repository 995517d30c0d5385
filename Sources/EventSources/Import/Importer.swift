import EventLog
import EventModel
import Feed
import Foundation
import Support

/// How an import works.
public struct ImportOptions: Sendable {
  /// The kind of content that files are taken to have.
  public var format = ImportFormat.auto
  /// Where files go once their events are in the log: a directory for files; for objects a prefix of their own
  /// bucket, or `s3://BUCKET/PREFIX`. Nil leaves all files where they are.
  public var archive: String?
  /// True to append files and tables once more that the log has all of already.
  public var again = false
  /// How many partitions a topic gets that the log does not have yet, at least 1.
  public var partitions = 4
  /// The environment variables of the process, of which the AWS variables and TMPDIR are used.
  public var environment: [String: String]
  /// Settings for S3 in place of those of the environment; nil to take those.
  public var s3: S3Settings?
  /// Seconds between the first two tries of a request that failed; the next pauses double.
  public var retryPause = 0.5
  /// Objects asked for in one request of a listing, 1 to 1000.
  public var listingPageSize = 1000

  /// Options with the defaults above; S3 settings come from the environment.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.environment = environment
  }
}

/// What an import did.
public struct ImportSummary: Sendable {
  /// Files and objects whose events are in the log.
  public var files = 0
  /// The files and tables that the log had all of before, each with the number of its records in the log.
  public var known: [(title: String, records: Int64)] = []
  /// How many lines of events and rows of streams tables were read.
  public var rows = 0
  /// Records appended to the log, including those for quarantine.
  public var records = 0
  /// Records that an earlier import, which did not come to its end, had put into the log already; they were
  /// not appended again.
  public var recordsBefore = 0
  /// Lines and rows that are no events. They went to the log as they are, for quarantine.
  public var broken = 0
  /// The first such line or row: where it is and what is wrong with it; nil where there is none.
  public var firstBroken: String?
  /// Records of songs and users appended to the log.
  public var catalogueRecords = 0
  /// Users in the tables that were read.
  public var users = 0
  /// Songs in the tables that were read.
  public var songs = 0
  /// Rows of users and songs tables without an id, which were left out.
  public var withoutID = 0
  /// Streams whose user is in no users table.
  public var streamsWithoutUser = 0
  /// Streams whose song is in no songs table.
  public var streamsWithoutSong = 0
  /// One line on why the log cannot remember its sources, and what that means; nil where it can.
  public var memoryNotice: String?

  /// The summary of an import that has done nothing yet.
  public init() {}
}

/// Brings events from files, buckets and databases into a log.
///
/// Tables of users and songs are read first, whatever the order of the operands; then events and streams,
/// file by file. A file counts as imported, and is archived, when all of it is on the log's storage. The log
/// remembers its sources: an import that died goes on at the next record, a file that has grown goes on
/// behind its former end, and a source that the log has all of is not appended again.
public final class Importer {
  private let log: any EventLog
  private let options: ImportOptions
  private let stop: StopToken
  private let progress: (String, Int) -> Void
  private let sources: ImportSources
  private let references = StreamReferences()
  private let catalogue: CatalogueImport
  /// What the import has done so far.
  public private(set) var summary = ImportSummary()

  /// - Parameters:
  ///   - log: the log to append to; the topics that it lacks are made.
  ///   - stop: ends the import before its next block; what was imported stays.
  ///   - progress: called with the name of the source that is being read, and the number of its rows so far.
  public init(
    _ log: any EventLog, _ options: ImportOptions, stop: StopToken = StopToken(),
    progress: @escaping (String, Int) -> Void = { _, _ in }
  ) {
    self.log = log
    self.options = options
    self.stop = stop
    self.progress = progress
    sources = ImportSources(options, stop: stop)
    catalogue = CatalogueImport(
      log, partitions: options.partitions, again: options.again)
  }

  /// True if the operand is the URL of a PostgreSQL database.
  public static func isDatabase(_ operand: String) -> Bool {
    operand.hasPrefix("postgresql://") || operand.hasPrefix("postgres://")
  }

  /// Imports all of the operands: files, directories, `s3://…`, `postgresql://…`.
  /// - Parameter beforeWriting: called once everything named was found, before the log is touched.
  /// - Throws: `SourceError`, `EventLogError`, `WarehouseError`. `summary` then says how far the import came.
  public func run(_ operands: [String], beforeWriting: () throws -> Void = {}) throws {
    let files = try check(operands)
    try sources.makeArchive(for: files)
    try beforeWriting()
    try log.createTopics(Topic.allCases.map(\.name), partitions: options.partitions)
    let writer = try EventWriter(log)
    summary.memoryNotice = writer.memoryNotice
    defer {
      summary.records = writer.count
      summary.recordsBefore = writer.dropped
    }
    var events: [SourceFile] = []
    var streams: [SourceFile] = []
    for file in files {
      switch try sources.content(of: file) {
      case .events:
        if let topic = CatalogueImport.topic(ofFileNamed: file.name) {
          try readCatalogue(topic, file)
        } else {
          events.append(file)
        }
      case .table(.streams): streams.append(file)
      case .table(let kind): try readTable(kind, file)
      }
    }
    var tables: [StreamsTable] = []
    for url in operands where Self.isDatabase(url) {
      if let table = try readDatabase(url) { tables.append(table) }
    }
    // The catalogue is there before the events that show it.
    summary.catalogueRecords = try catalogue.close()
    summary.users = references.users.count
    summary.songs = references.songs.count
    for file in events { try importLines(file, writer) }
    for file in streams { try importStreams(file, writer) }
    for table in tables { try write(table, writer) }
    try writer.close()
  }

  /// Finds everything that the operands name, so that a wrong name is noticed before anything is written.
  private func check(_ operands: [String]) throws(SourceError) -> [SourceFile] {
    if let archive = options.archive, archive.hasPrefix("s3://") {
      for operand in operands where !operand.hasPrefix("s3://") && !Self.isDatabase(operand) {
        throw SourceError(
          .configuration,
          "--archive \(archive): \(operand) is a file of this machine, and goes to a directory only"
        )
      }
    }
    var files: [SourceFile] = []
    for operand in operands where !Self.isDatabase(operand) {
      files += try sources.files(operand)
    }
    return files
  }

  // MARK: Tables

  private func readTable(_ kind: TableKind, _ file: SourceFile) throws {
    try sources.withLocalFile(file) { path in
      if let known = try catalogue.begin(path, title: file.title) {
        summary.known.append((file.title, known.records))
      }
      try forEachRow(path, file.title) { reader, columns in
        let isSound = !reader.isBroken && reader.fields.count == columns.roles.count
        if try !isSound || !addMember(kind, reader.fields, columns) { summary.withoutID += 1 }
      }
      try catalogue.finish()
    }
  }

  private func addMember(
    _ kind: TableKind, _ fields: [ByteSlice], _ columns: TableColumns
  ) throws(EventLogError) -> Bool {
    if kind == .users {
      guard let id = references.addUser(fields, columns), let user = references.user(id) else {
        return false
      }
      try catalogue.add(user, id: id)
    } else {
      guard let id = references.addSong(fields, columns), let song = references.song(id) else {
        return false
      }
      try catalogue.add(song, id: id)
    }
    return true
  }

  private func readCatalogue(_ topic: CatalogueTopic, _ file: SourceFile) throws {
    try sources.withLocalFile(file) { path in
      if let known = try catalogue.begin(path, title: file.title) {
        summary.known.append((file.title, known.records))
      } else {
        let source = try ByteSources.open(path, name: file.title)
        let (lines, broken) = try catalogue.add(
          linesOf: source, topic, name: file.title, stop: stop)
        summary.rows += lines
        if let broken { note(broken: broken) }
      }
      try catalogue.finish()
    }
    try finish(file)
  }

  private func importStreams(_ file: SourceFile, _ writer: EventWriter) throws {
    try sources.withLocalFile(file) { path in
      var table: StreamsTable?
      try forEachRow(path, file.title) { reader, columns in
        let target = table ?? StreamsTable(name: file.title, columns: columns)
        table = target
        summary.rows += 1
        let reason = try reader.isBroken ? "a quote is never closed" : target.add(reader.fields)
        if let reason {
          note(broken: "\(file.title), line \(reader.line): \(reason)")
          target.add(broken: reader.raw)
        }
      }
      if let table { try write(table, writer) }
    }
    try finish(file)
  }

  private func forEachRow(
    _ path: String, _ title: String, _ body: (CSVReader, TableColumns) throws -> Void
  ) throws {
    let reader = CSVReader(try ByteSources.open(path, name: title), name: title)
    guard try reader.advance() else { return }
    let header = reader.fields.map { CellText.trimmed($0).string }
    guard let columns = TableColumns(header: header) else {
      throw TableColumns.notUnderstood(title, header: header)
    }
    var count = 0
    while try reader.advance() {
      try body(reader, columns)
      count += 1
      if count % 1024 == 0 {
        progress(title, count)
        if stop.isRequested { throw SourceError(.stopped, "\(title): stopped") }
      }
    }
  }

  private func readDatabase(_ url: String) throws -> StreamsTable? {
    var table: StreamsTable?
    _ = try PostgresTables(url: url, stop: stop, progress: progress).read { kind, columns, fields in
      guard kind == .streams else {
        if try !addMember(kind, fields, columns) { summary.withoutID += 1 }
        return
      }
      let target = table ?? StreamsTable(name: "table streams", columns: columns)
      table = target
      summary.rows += 1
      if let reason = try target.add(fields) {
        note(broken: "table streams: \(reason)")
        target.add(broken: PostgresTables.line(fields))
      }
    }
    return table
  }

  private func write(_ table: StreamsTable, _ writer: EventWriter) throws {
    if let known = try begin(table, writer) {
      summary.known.append((table.name, known.records))
      return
    }
    for row in table.broken {
      try row.withUnsafeBytes { try writer.append(broken: $0, to: .listen) }
    }
    let totals = try table.forEachEvent(references) { event, fields in
      if stop.isRequested { throw SourceError(.stopped, "stopped while streams were written") }
      try writer.append(event, fields: fields)
    }
    summary.streamsWithoutUser += totals.withoutUser
    summary.streamsWithoutSong += totals.withoutSong
    try writer.sync()
    try writer.journal?.finish(extent: Int64(table.count))
  }

  /// Finds out how much of a table the log has, and begins to append the rest.
  /// - Returns: the record of the table where the log has all of it; otherwise nil.
  private func begin(_ table: StreamsTable, _ writer: EventWriter) throws -> SourceRecord? {
    guard let journal = writer.journal else { return nil }
    defer { writer.sourceBegan() }
    let prefix = "streams-\(table.contentHash())"
    let known = try journal.known(prefix)
    if let open = known.last(where: { !$0.isFinished }),
      !options.again || journal.canResume(open)
    {
      try journal.resume(open)
    } else if let finished = known.last(where: \.isFinished), !options.again {
      return finished
    } else {
      try journal.begin(prefix, title: table.name)
    }
    return nil
  }

  // MARK: Events

  private func importLines(_ file: SourceFile, _ writer: EventWriter) throws {
    try sources.withLocalFile(file) { path in
      // A pipe can be read only once, so that the log has no means to recognise its content before reading it.
      guard let journal = writer.journal, FileSystem.isFile(path) else {
        try addLines(of: ByteSources.open(path, name: file.title), file, writer)
        return try writer.sync()
      }
      let journaled = JournaledFile(
        path: path, title: file.title, journal: journal,
        reading: LineImport.reading(ofFileNamed: file.name), again: options.again)
      switch try journaled.begin() {
      case .known(let record): summary.known.append((file.title, record.records))
      case .toRead(let source):
        writer.sourceBegan()
        try addLines(of: source, file, writer)
        try journaled.finish(source)
      }
    }
    try finish(file)
  }

  private func addLines(of source: any ByteSource, _ file: SourceFile, _ writer: EventWriter) throws
  {
    var lines = LineImport(writer, name: file.name)
    defer {
      summary.rows += lines.lines
      summary.broken += lines.undecodable
      if let (line, reason) = lines.firstUndecodable, summary.firstBroken == nil {
        summary.firstBroken = "\(file.title), line \(line): \(reason)"
      }
    }
    try lines.add(source, name: file.name, stop: stop, progress: { progress(file.title, $0) })
  }

  private func finish(_ file: SourceFile) throws(SourceError) {
    summary.files += 1
    try sources.archive(file)
  }

  private func note(broken reason: String) {
    summary.broken += 1
    if summary.firstBroken == nil { summary.firstBroken = reason }
  }
}
