import Foundation
import Support

/// Finds the files that operands name, opens them, and moves them away when they are done.
final class ImportSources {
  private let options: ImportOptions
  private let connection: S3Connection
  /// The temporary directory in which an object lies while it is read; made when first needed.
  private var directory: String?

  init(_ options: ImportOptions, stop: StopToken) {
    self.options = options
    connection = S3Connection(options, stop: stop)
  }

  deinit {
    if let directory { try? FileManager.default.removeItem(atPath: directory) }
  }

  // MARK: Finding

  /// The files that an operand names: the file itself, the files of a directory, or the objects below an
  /// `s3://` URL; in order of their names. None where the directory or the bucket has none.
  func files(_ operand: String) throws(SourceError) -> [SourceFile] {
    if operand.hasPrefix("s3://") { return try objects(operand) }
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: operand, isDirectory: &isDirectory) else {
      throw SourceError(.notFound, "\(operand): no such file or directory")
    }
    guard isDirectory.boolValue else { return [SourceFile(origin: .local(path: operand))] }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: operand).sorted()
    } catch {
      throw SourceError(.io, "\(operand): the directory cannot be read")
    }
    let found = names.filter { SourceFile.isImportable($0, options.format) }
    return found.map { SourceFile(origin: .local(path: "\(operand)/\($0)")) }
  }

  private func objects(_ url: String) throws(SourceError) -> [SourceFile] {
    let location = try S3Location(url)
    let slash = location.key.lastIndex(of: "/").map { location.key.index(after: $0) }
    let root = slash.map { String(location.key[..<$0]) } ?? ""
    let archive = try archivePrefix(bucket: location.bucket)
    let found = try connection.client().list(location).filter { object in
      if let archive, archive.bucket == location.bucket, object.location.key.hasPrefix(archive.key)
      {
        return false
      }
      return object.location.key == location.key && !object.name.isEmpty
        || SourceFile.isImportable(object.name, options.format)
    }
    return found.map { SourceFile(origin: .object($0, root: root)) }
  }

  /// One line on an operand in which no file was found.
  func nothing(in operand: String) -> String {
    let endings = Self.endings(options.format)
    return operand.hasPrefix("s3://")
      ? "\(operand): no \(endings) object below this prefix that is not archived"
      : "\(operand): no \(endings) file in this directory"
  }

  private static func endings(_ format: ImportFormat) -> String {
    switch format {
    case .auto: ".ndjson, .jsonl, .json or .csv"
    case .eventsim: ".ndjson, .jsonl or .json"
    case .csv: ".csv"
    }
  }

  // MARK: Reading

  /// Tells whether a file has events or one of the tables.
  func content(of file: SourceFile) throws(SourceError) -> SourceFile.Content {
    if file.isEmpty { return .empty }
    let name = SourceFile.plainName(file.name)
    if options.format == .eventsim { return .events }
    if options.format == .auto, SourceFile.eventEndings.contains(where: { name.hasSuffix($0) }) {
      return .events
    }
    return try withLocalPath(file, prefix: 64 << 10) { (path) throws(SourceError) in
      let mustBeTable = options.format == .csv || name.hasSuffix(".csv")
      if !mustBeTable {
        var first: UInt8 = 0
        let source = try ByteSources.open(path, name: file.title)
        guard try source.read(into: &first, count: 1) == 1, first != UInt8(ascii: "{") else {
          return .events
        }
      }
      let reader = CSVReader(try ByteSources.open(path, name: file.title), name: file.title)
      guard try reader.advance() else { return .empty }
      let header = reader.fields.map { CellText.trimmed($0).string }
      guard let columns = TableColumns(header: header) else {
        if !mustBeTable { return .events }
        throw TableColumns.notUnderstood(file.title, header: header)
      }
      return .table(columns.kind)
    }
  }

  /// Calls `body` with the path of a local file that has the content. An object is fetched into a temporary
  /// file, which is removed after the call.
  /// - Parameter prefix: fetch only so many of an object's first bytes; nil for all.
  func withLocalPath<T>(
    _ file: SourceFile, prefix: Int? = nil, _ body: (String) throws(SourceError) -> T
  ) throws(SourceError) -> T {
    let result: Result<T, any Error> = Result {
      try withLocalFile(file, prefix: prefix) { try body($0) }
    }
    switch result {
    case .success(let value): return value
    case .failure(let error as SourceError): throw error
    case .failure(let error): throw SourceError(.io, "\(file.title): \(error)")
    }
  }

  /// `withLocalPath` for a body that throws errors of other kinds too.
  func withLocalFile<T>(
    _ file: SourceFile, prefix: Int? = nil, _ body: (String) throws -> T
  ) throws -> T {
    switch file.origin {
    case .local(let path): return try body(path)
    case .object(let object, _):
      let path = try "\(temporaryDirectory())/object"
      defer { unlink(path) }
      try connection.client().get(object, into: path, prefix: prefix)
      return try body(path)
    }
  }

  private func temporaryDirectory() throws(SourceError) -> String {
    if let directory { return directory }
    let parent = options.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var template = Array("\(parent)/polyrhythm-import-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw SourceError(
        .io,
        "cannot make a directory for objects in \(parent): \(String(cString: strerror(errno))); "
          + "TMPDIR can name another one")
    }
    let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    directory = made
    return made
  }

  // MARK: Archiving

  /// The prefix that archived objects of a bucket get; nil without `--archive`.
  func archivePrefix(bucket: String) throws(SourceError) -> S3Location? {
    guard let archive = options.archive else { return nil }
    var location =
      archive.hasPrefix("s3://")
      ? try S3Location(archive) : S3Location(bucket: bucket, key: archive)
    while location.key.hasPrefix("/") { location.key.removeFirst() }
    while location.key.hasSuffix("/") { location.key.removeLast() }
    guard !location.key.isEmpty || location.bucket != bucket else {
      throw SourceError(
        .configuration,
        "--archive \(archive): name a prefix; the objects are in this bucket already")
    }
    if !location.key.isEmpty { location.key += "/" }
    return location
  }

  /// Where a file goes once a load that has its records is published: an absolute path, or a URL; nil without `--archive`.
  func target(of file: SourceFile) throws(SourceError) -> String? {
    guard let archive = options.archive else { return nil }
    switch file.origin {
    case .local: return "\(FileSystem.absolute(archive))/\(file.name)"
    case .object(let object, let root):
      guard var target = try archivePrefix(bucket: object.location.bucket) else { return nil }
      target.key += object.location.key.dropFirst(root.count)
      return target.description
    }
  }

  /// Makes the archive's directory before anything is imported, so that one that cannot be made is noticed now.
  func makeArchive(for files: [SourceFile]) throws(SourceError) {
    let places = files.compactMap {
      if case .local = $0.origin { FileSystem.parent($0.place) } else { nil }
    }
    guard let archive = options.archive, !places.isEmpty else { return }
    let manager = FileManager.default
    try? manager.createDirectory(atPath: archive, withIntermediateDirectories: true)
    var isDirectory: ObjCBool = false
    guard manager.fileExists(atPath: archive, isDirectory: &isDirectory), isDirectory.boolValue,
      access(archive, W_OK) == 0
    else {
      throw SourceError(
        .cannotCreate,
        "--archive: \(archive) is no directory that can be written to; nothing was imported")
    }
    guard !places.contains(where: { FileSystem.realPath($0) == FileSystem.realPath(archive) })
    else {
      throw SourceError(
        .configuration,
        "--archive \(archive): the files are in this directory already; name another one")
    }
  }
}
