import EventModel
import Glibc
import Support

/// Writes events as newline-delimited JSON into a directory, one file for each topic, with `truth.json`
/// beside them. The files carry the ending `.partial` until `finish`, so that nobody takes half a run for a
/// whole one. Files of an earlier run are replaced. Not shared between threads.
public final class FileOutput {
  /// The directory's path, as it was given.
  public let directory: String
  /// Bytes of events so far, newlines included.
  public private(set) var byteCount: Int64 = 0

  private var files: [OutputFile] = []
  /// Of songs and users.
  private var catalogue: [OutputFile] = []
  /// The directory, held open for the lock on it.
  private let lock: OpenFile

  /// Makes the directory, where it is not there yet, and the files.
  /// - Throws: `.cannotCreate`; `.busy` where another run writes into the directory.
  public init(directory: String) throws(GeneratorError) {
    self.directory = directory
    try Self.makeDirectory(directory)
    do throws(SystemError) { lock = try OpenFile(directory, O_RDONLY | O_DIRECTORY) } catch {
      throw OutputFile.cannotCreate(directory, error.code, "--output")
    }
    // Without a lock two runs would write into the same files. The kernel drops the lock with the process.
    guard FileLocking.take(LOCK_EX, of: lock.descriptor, waitingAtMost: 0) != EWOULDBLOCK else {
      throw GeneratorError(
        .busy,
        "\(directory): another run is writing there; wait for its end, or give --output another "
          + "directory")
    }
    // An earlier run's truth.json does not describe the files of this run.
    unlink("\(directory)/truth.json")
    for topic in Topic.allCases {
      files.append(try OutputFile(path: "\(directory)/\(topic.name).ndjson", flag: "--output"))
    }
    for topic in CatalogueTopic.allCases {
      catalogue.append(try OutputFile(path: "\(directory)/\(topic.name).ndjson", flag: "--output"))
    }
  }

  /// Adds one line to the file of its topic.
  /// - Throws: `.writeFailed`.
  public func write(_ line: EventLine) throws(GeneratorError) {
    try files[Int(line.header.topic.rawValue)].writeLine(line.bytes)
    byteCount += Int64(line.bytes.count + 1)
  }

  /// Adds a record of the catalogue to the file of its topic.
  /// - Throws: `.writeFailed`.
  public func write(_ record: CatalogueRecord) throws(GeneratorError) {
    try record.json.withUnsafeBufferPointer { json throws(GeneratorError) in
      try catalogue[record.topic.index].writeLine(UnsafeRawBufferPointer(json))
    }
  }

  /// Writes the buffers, syncs the files to the disk, and gives them their final names. Nothing can be written
  /// afterwards.
  /// - Parameter truth: the counts of what was written.
  /// - Throws: `.writeFailed`; `.cannotCreate` where a file cannot be renamed.
  public func finish(_ truth: GeneratorTruth) throws(GeneratorError) {
    let truthFile = try OutputFile(path: "\(directory)/truth.json", flag: "--output")
    try truthFile.write(truth.json)
    // truth.json comes last, so that where it is the other files are complete.
    for file in catalogue + files + [truthFile] { try file.finish() }
    files = []
    catalogue = []
  }

  /// Ends a run in the middle: the lines so far lie, whole, in the files with the ending `.partial`.
  /// - Throws: `.writeFailed`.
  public func abandon() throws(GeneratorError) {
    for file in catalogue + files { try file.flush() }
    files = []
    catalogue = []
  }

  /// Makes the directory and those above it, where they are not there yet.
  /// - Parameter flag: the command line's flag that gave the path, for the message.
  static func makeDirectory(
    _ path: String, flag: String = "--output"
  ) throws(GeneratorError) {
    do throws(SystemError) {
      try FileSystem.makeDirectories(path)
      guard try FileSystem.kind(of: path) == .directory else { throw SystemError(ENOTDIR, path) }
    } catch {
      throw OutputFile.cannotCreate(error.path, error.code, flag)
    }
  }
}
