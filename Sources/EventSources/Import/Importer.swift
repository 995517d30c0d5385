import EventLog
import EventModel
import Feed
import Foundation
import Support

/// Brings events from files, buckets and databases into a log.
///
/// Tables of users and songs are read first, whatever the order of the operands; then events and streams,
/// file by file. A file counts as imported when all of it is on the log's storage; from then on its move to the archive is
/// remembered with the lake, and `SourceArchive` makes it after the publication. The log remembers its sources: an import that died goes on at the next record, a file that has grown goes on
/// behind its former end, and a source that the log has all of is not appended again.
public final class Importer {
  private let log: any EventLog
  private let options: ImportOptions
  private let stop: StopToken
  private let progress: (String, Int) -> Void
  let sources: ImportSources
  private let references = StreamReferences()
  private let catalogue: CatalogueImport
  let moves: SourceMoves?
  /// The files of which the log has all by now.
  private var finished: [SourceFile] = []
  /// What the import has done so far.
  public internal(set) var summary = ImportSummary()

  /// - Parameters:
  ///   - log: the log to append to; the topics that it lacks are made.
  ///   - lake: where loads read what the log gets, and where the moves that wait are remembered; nil where the log is
  ///     a directory, and so is the lake itself.
  ///   - stop: ends the import before its next block; what was imported stays.
  ///   - progress: called with the name of the source that is being read, and the number of its rows so far.
  public init(
    _ log: any EventLog, _ options: ImportOptions, lake: DirectoryLog? = nil,
    stop: StopToken = StopToken(),
    progress: @escaping (String, Int) -> Void = { _, _ in }
  ) {
    self.log = log
    self.options = options
    self.stop = stop
    self.progress = progress
    moves = (lake ?? log as? DirectoryLog).map(SourceMoves.init)
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
    let databases = operands.filter(Self.isDatabase)
    guard !files.isEmpty || !databases.isEmpty else { return }
    try bring(files, databases: databases, beforeWriting: beforeWriting)
  }

  /// Imports these files and databases, with the users and songs that were read by earlier calls.
  /// - Parameter passingOver: told of a file that cannot be imported; true where the others are to be imported nevertheless.
  func bring(
    _ files: [SourceFile], databases: [String] = [], beforeWriting: () throws -> Void = {},
    passingOver: (SourceFile, SourceError) -> Bool = { _, _ in false }
  ) throws {
    try sources.makeArchive(for: files)
    try beforeWriting()
    let outcome = Result { try take(files, databases, passingOver) }
    catalogue.abandon()
    // Also of an import that was stopped or failed half way: what is in the log as a whole may move.
    try rememberMoves()
    try outcome.get()
  }

  private func take(
    _ files: [SourceFile], _ databases: [String], _ passingOver: (SourceFile, SourceError) -> Bool
  ) throws {
    func attempt(_ file: SourceFile, _ body: () throws -> Void) throws {
      do {
        try body()
      } catch let error as SourceError where passingOver(file, error) {}
    }
    try log.createTopics(Topic.allCases.map(\.name), partitions: options.partitions)
    let writer = try EventWriter(log)
    summary.memoryNotice = writer.memoryNotice
    defer {
      summary.records = writer.count
      summary.recordsBefore = writer.dropped
    }
    let membersBefore = (users: references.users.count, songs: references.songs.count)
    var events: [SourceFile] = []
    var streams: [SourceFile] = []
    for file in files {
      try attempt(file) {
        switch try sources.content(of: file) {
        case .empty:
          noteEmpty(file.title)
          finish(file)
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
    }
    var tables: [StreamsTable] = []
    for url in databases {
      if let table = try readDatabase(url) { tables.append(table) }
    }
    // The catalogue is there before the events that show it.
    summary.catalogueRecords = try catalogue.close()
    summary.users = references.users.count - membersBefore.users
    summary.songs = references.songs.count - membersBefore.songs
    for file in events { try attempt(file) { try importLines(file, writer) } }
    for file in streams { try attempt(file) { try importStreams(file, writer) } }
    for table in tables { try write(table, writer) }
    try writer.close()
  }

  /// Finds everything that the operands name, so that a wrong name is noticed before anything is written.
  func check(_ operands: [String]) throws(SourceError) -> [SourceFile] {
    try checkArchive(operands)
    var files: [SourceFile] = []
    for operand in operands where !Self.isDatabase(operand) {
      let found = try sources.files(operand)
      if found.isEmpty { summary.empty.append(sources.nothing(in: operand)) }
      files += found
    }
    return files
  }

  /// - Throws: `.configuration` where what comes of these operands could not be archived.
  func checkArchive(_ operands: [String]) throws(SourceError) {
    guard options.archive == nil || moves != nil else {
      throw SourceError(
        .configuration,
        "--archive with a Kafka log needs --lake DIR: what waits for its publication is remembered there"
      )
    }
    if let archive = options.archive, archive.hasPrefix("s3://") {
      for operand in operands where !operand.hasPrefix("s3://") && !Self.isDatabase(operand) {
        throw SourceError(
          .configuration,
          "--archive \(archive): \(operand) is a file of this machine, and goes to a directory only"
        )
      }
    }
  }

  // MARK: Tables

  private func readTable(_ kind: TableKind, _ file: SourceFile) throws {
    try sources.withLocalFile(file) { path in
      if let known = try catalogue.begin(path, title: file.title) {
        summary.known.append((file.title, known.records))
      }
      let rows = try forEachRow(path, file.title) { reader, columns in
        let isSound = !reader.isBroken && reader.fields.count == columns.roles.count
        let isTaken =
          try isSound
          && addMember(kind, reader.fields, columns, at: "\(file.title), line \(reader.line)")
        if !isTaken { summary.leftOut += 1 }
      }
      if rows == 0 { noteEmpty(file.title) }
      try catalogue.finish()
    }
  }

  private func addMember(
    _ kind: TableKind, _ fields: [ByteSlice], _ columns: TableColumns,
    at place: @autoclosure () -> String
  ) throws(EventLogError) -> Bool {
    let odd: [DecodingFailure]
    if kind == .users {
      guard let id = references.addUser(fields, columns), let user = references.user(id) else {
        return false
      }
      odd = try catalogue.add(user, id: id)
    } else {
      guard let id = references.addSong(fields, columns), let song = references.song(id) else {
        return false
      }
      odd = try catalogue.add(song, id: id)
    }
    for failure in odd { summary.note(odd: failure, at: place()) }
    return true
  }

  private func readCatalogue(_ topic: CatalogueTopic, _ file: SourceFile) throws {
    try sources.withLocalFile(file) { path in
      if let known = try catalogue.begin(path, title: file.title) {
        summary.known.append((file.title, known.records))
      } else {
        let source = try ByteSources.open(path, name: file.title)
        let lines = try catalogue.add(linesOf: source, topic, name: file.title, stop: stop)
        if lines.count == 0 { noteEmpty(file.title) }
        summary.leftOut += lines.leftOut
        for odd in lines.odd {
          summary.note(odd: odd.failure, at: "\(file.title), line \(odd.line)")
        }
        if let (line, reason) = lines.firstLeftOut, summary.firstLeftOut == nil {
          summary.firstLeftOut = "\(file.title), line \(line): \(reason)"
        }
      }
      try catalogue.finish()
    }
    finish(file)
  }

  private func importStreams(_ file: SourceFile, _ writer: EventWriter) throws {
    try sources.withLocalFile(file) { path in
      var table: StreamsTable?
      let rows = try forEachRow(path, file.title) { reader, columns in
        let target = table ?? StreamsTable(name: file.title, columns: columns)
        table = target
        summary.rows += 1
        let reason = try reader.isBroken ? "a quote is never closed" : target.add(reader.fields)
        if let reason {
          let place = "\(file.title), line \(reader.line)"
          note(broken: "\(place): \(reason)")
          target.add(broken: reader.raw, at: place, reason)
        }
      }
      if rows == 0 { noteEmpty(file.title) }
      if let table { try write(table, writer) }
    }
    finish(file)
  }

  /// - Returns: how many rows there are below the header.
  private func forEachRow(
    _ path: String, _ title: String, _ body: (CSVReader, TableColumns) throws -> Void
  ) throws -> Int {
    let reader = CSVReader(try ByteSources.open(path, name: title), name: title)
    guard try reader.advance() else { return 0 }
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
    return count
  }

  private func readDatabase(_ url: String) throws -> StreamsTable? {
    var table: StreamsTable?
    var rows = 0
    try catalogue.beginTables()
    let tables = try PostgresTables(url: url, stop: stop, progress: progress).read {
      kind, columns, fields in
      rows += 1
      guard kind == .streams else {
        let isTaken = try addMember(kind, fields, columns, at: "table \(kind.rawValue)")
        if !isTaken { summary.leftOut += 1 }
        return
      }
      let target = table ?? StreamsTable(name: "table streams", columns: columns)
      table = target
      summary.rows += 1
      if let reason = try target.add(fields) {
        note(broken: "table streams: \(reason)")
        target.add(broken: PostgresTables.line(fields), at: "table streams", reason)
      }
    }
    try catalogue.finish()
    if rows == 0 {
      let names = tables.map(\.rawValue).joined(separator: ", ")
      summary.empty.append("the database's tables (\(names)) have no rows")
    }
    return table
  }

  private func write(_ table: StreamsTable, _ writer: EventWriter) throws {
    if let known = try begin(table, writer) {
      summary.known.append((table.name, known.records))
      return
    }
    for broken in table.broken {
      let record = broken.row.withUnsafeBytes {
        StrayRecord.row($0, at: broken.place, broken.reason)
      }
      try record.withUnsafeBytes { try writer.append(broken: $0, to: .listen) }
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
        let source = HashedSource(try ByteSources.open(path, name: file.title))
        try addLines(of: source, file, writer)
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
    finish(file)
  }

  private func addLines(of source: HashedSource, _ file: SourceFile, _ writer: EventWriter) throws {
    var lines = LineImport(writer, name: file.name)
    defer {
      summary.rows += lines.lines
      summary.broken += lines.undecodable
      if let (line, reason) = lines.firstUndecodable, summary.firstBroken == nil {
        summary.firstBroken = "\(file.title), line \(line): \(reason)"
      }
    }
    try lines.add(source, name: file.name, stop: stop, progress: { progress(file.title, $0) })
    if source.hash.count == 0 { noteEmpty(file.title) }
  }

  private func finish(_ file: SourceFile) {
    summary.files += 1
    finished.append(file)
  }

  /// Writes down where the finished files go, and which offsets must be published before.
  private func rememberMoves() throws {
    defer { finished = [] }
    guard options.archive != nil, !finished.isEmpty, let moves else { return }
    // The end of the log may lie beyond the files' last records, where others write too; a load beyond it has them all the same.
    var ends: [String: Int64] = [:]
    for topic in Topic.allCases.map(\.name) + CatalogueTopic.allCases.map(\.name) {
      for number in 0..<Int32(try log.partitionCount(of: topic)) {
        let partition = TopicPartition(topic, number)
        let end = try log.endOffset(of: partition)
        if end > 0 { ends[partition.description] = end }
      }
    }
    var waiting: [String: SourceMove] = [:]
    for file in finished {
      guard let stamp = file.stamp, let target = try sources.target(of: file) else { continue }
      let id = ContentHash()
      id.add(file.place)
      waiting[id.text] = SourceMove(
        source: file.place, stamp: stamp, target: target, ends: ends)
    }
    try moves.add(waiting)
    summary.toArchive = waiting.count
  }

  private func noteEmpty(_ title: String) { summary.empty.append("\(title) is empty") }

  private func note(broken reason: String) {
    summary.broken += 1
    if summary.firstBroken == nil { summary.firstBroken = reason }
  }
}
