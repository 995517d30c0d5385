import EventModel
import Glibc
import Support

/// Writes events as newline-delimited JSON into a directory, a file a topic, with `truth.json`
/// beside them. The files carry the ending `.partial` until `finish`, so that nobody takes half a
/// run for a whole one. Files of an earlier run are replaced. Not shared between threads.
public final class FileOutput {
  public let directory: String
  /// Bytes of events so far, newlines included.
  public private(set) var byteCount: Int64 = 0

  private var files: [OutputFile] = []
  /// The directory, held open for its lock.
  private let lock: OpenFile

  /// Makes the directory where it is not there, and the files.
  /// - Throws: `.cannotCreate`; `.busy` where another run writes into the directory.
  public init(directory: String) throws(GeneratorError) {
    self.directory = directory
    try Self.makeDirectory(directory)
    do throws(SystemError) { lock = try OpenFile(directory, O_RDONLY | O_DIRECTORY) } catch {
      throw OutputFile.cannotCreate(directory, error.code, "--output")
    }
    // Two runs would take each other's files for their own. The lock goes with the process.
    guard FileLocking.take(LOCK_EX, of: lock.descriptor, waitingAtMost: 0) != EWOULDBLOCK else {
      throw GeneratorError(
        .busy,
        "\(directory): another run is writing there; wait for its end, or give --output another "
          + "directory")
    }
    // An earlier run's truth would be a lie beside this one's files.
    unlink("\(directory)/truth.json")
    for topic in Topic.allCases {
      files.append(try OutputFile(path: "\(directory)/\(topic.name).ndjson", flag: "--output"))
    }
  }

  /// Adds one line to its topic's file.
  public func write(_ line: EventLine) throws(GeneratorError) {
    try files[Int(line.header.topic.rawValue)].writeLine(line.bytes)
    byteCount += Int64(line.bytes.count + 1)
  }

  /// Writes what is buffered, lets the disk have it, and gives all files their names. Nothing can
  /// be written afterwards.
  /// - Parameter truth: what was written.
  public func finish(_ truth: GeneratorTruth) throws(GeneratorError) {
    let truthFile = try OutputFile(path: "\(directory)/truth.json", flag: "--output")
    try truthFile.write(truth.json)
    // The truth comes last: where it is, all is.
    for file in files + [truthFile] { try file.finish() }
    files = []
  }

  /// Ends a run in the middle: what was written lies in whole lines in the files that are called
  /// `.partial`.
  public func abandon() throws(GeneratorError) {
    for file in files { try file.flush() }
    files = []
  }

  /// Makes the directory and those above it, where they are not there.
  /// - Parameter flag: what gave the path, for the message.
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
