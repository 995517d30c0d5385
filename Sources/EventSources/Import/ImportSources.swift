import Foundation
import Support

/// Finds the files that operands name, opens them, and moves them away when they are done.
final class ImportSources {
  private let options: ImportOptions
  private let stop: StopToken
  private var client: S3Client?
  /// The temporary directory in which an object lies while it is read; made when first needed.
  private var directory: String?

  init(_ options: ImportOptions, stop: StopToken) {
    self.options = options
    self.stop = stop
  }

  deinit {
    if let directory { try? FileManager.default.removeItem(atPath: directory) }
  }

  private func s3() throws(SourceError) -> S3Client {
    if let client { return client }
    let settings: S3Settings
    if let given = options.s3 {
      settings = given
    } else {
      settings = try S3Settings(environment: options.environment)
    }
    let made = try S3Client(
      settings, stop: stop, firstPause: options.retryPause, pageSize: options.listingPageSize)
    client = made
    return made
  }

  // MARK: Finding

  /// The files that an operand names: the file itself, the files of a directory, or the objects below an
  /// `s3://` URL; in order of their names.
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
    guard !found.isEmpty else {
      throw SourceError(
        .notFound, "\(operand): no \(Self.endings(options.format)) file in this directory")
    }
    return found.map { SourceFile(origin: .local(path: "\(operand)/\($0)")) }
  }

  private func objects(_ url: String) throws(SourceError) -> [SourceFile] {
    let location = try S3Location(url)
    let slash = location.key.lastIndex(of: "/").map { location.key.index(after: $0) }
    let root = slash.map { String(location.key[..<$0]) } ?? ""
    let archive = try archivePrefix(bucket: location.bucket)
    let found = try s3().list(location).filter { object in
      if let archive, archive.bucket == location.bucket, object.location.key.hasPrefix(archive.key)
      {
        return false
      }
      return object.location.key == location.key && !object.name.isEmpty
        || SourceFile.isImportable(object.name, options.format)
    }
    guard !found.isEmpty else {
      throw SourceError(
        .notFound,
        "\(url): no \(Self.endings(options.format)) object below this prefix that is not archived")
    }
    return found.map { SourceFile(origin: .object($0, root: root)) }
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
      guard try reader.advance() else {
        throw SourceError(
          .badContent, "\(file.title): the file is empty, not even a header is in it")
      }
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
      try s3().get(object, into: path, prefix: prefix)
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

  /// Moves a file whose events are in the log into the archive. An object that the archive already has with
  /// the same content is not copied again. Where the archive has other content under that name, the new file
  /// or object gets a number behind its name.
  func archive(_ file: SourceFile) throws(SourceError) {
    guard let archive = options.archive else { return }
    switch file.origin {
    case .local(let path): try moveLocal(path, to: archive)
    case .object(let object, let root):
      guard let prefix = try archivePrefix(bucket: object.location.bucket) else { return }
      let relative = object.location.key.dropFirst(root.count)
      let client = try s3()
      var number = 1
      while true {
        let target = S3Location(
          bucket: prefix.bucket,
          key: prefix.key + relative + (number == 1 ? "" : ".\(number)"))
        let there = try client.etag(of: target)
        if there == nil {
          try client.copy(object, to: target)
          return try client.delete(object.location)
        }
        if there == object.etag && !object.etag.isEmpty {
          // An object that was replaced since it was copied has other content, which the next import takes.
          guard try client.etag(of: object.location) == object.etag else { return }
          return try client.delete(object.location)
        }
        number += 1
      }
    }
  }

  /// Makes the archive's directory before anything is imported, because a file that could not be moved after
  /// its import would be offered for import again.
  func makeArchive(for files: [SourceFile]) throws(SourceError) {
    let hasLocal = files.contains { if case .local = $0.origin { true } else { false } }
    guard let archive = options.archive, hasLocal else { return }
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
  }

  private func moveLocal(_ path: String, to archive: String) throws(SourceError) {
    let manager = FileManager.default
    let name = (path as NSString).lastPathComponent
    var target = "\(archive)/\(name)"
    var number = 1
    while manager.fileExists(atPath: target) {
      number += 1
      target = "\(archive)/\(name).\(number)"
    }
    do {
      try manager.moveItem(atPath: path, toPath: target)
    } catch {
      throw SourceError(
        .io,
        "\(path) is in the log, but could not be moved to \(archive): \(error.localizedDescription)"
      )
    }
  }
}
