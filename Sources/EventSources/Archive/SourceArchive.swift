import EventLog
import Foundation
import Support

/// Moves imported files to their archive, once a load that has their records is published.
///
/// A move is remembered with the lake before it is made and forgotten after it, so that it is made after a crash too. What is
/// moved is the file that was imported: one that was changed or replaced since stays where it is, and the next
/// import takes it.
public final class SourceArchive {
  /// What became of the moves that waited.
  public struct Outcome {
    /// Files that are in the archive now, with their place there.
    public var moved: [(source: String, target: String)] = []
    /// Files that wait still, as no published load has all of them.
    public var waiting = 0
    /// Files that stay, as they are no longer what was imported.
    public var changed: [String] = []
    /// What failed; these moves are tried again after the next publication.
    public var failures: [any UserFacingError] = []

    /// What happened, a line each, for people.
    public var lines: [String] {
      var lines: [String] = []
      if let first = moved.first {
        lines.append(
          moved.count == 1
            ? "archived \(first.source) as \(first.target)"
            : "archived \(moved.count.grouped) files, the first \(first.source) as \(first.target)")
      }
      for source in changed {
        lines.append("\(source) was changed since it was imported and stays; import it again")
      }
      return lines
    }
  }

  private let moves: SourceMoves
  private let connection: S3Connection

  /// - Parameters:
  ///   - lake: the log that loads read.
  ///   - environment: of which the AWS variables are used.
  ///   - s3: settings in place of those of the environment.
  ///   - stop: ends it before the next file.
  public init(
    _ lake: DirectoryLog, environment: [String: String] = ProcessInfo.processInfo.environment,
    s3: S3Settings? = nil, stop: StopToken = StopToken()
  ) {
    moves = SourceMoves(lake)
    var options = ImportOptions(environment: environment)
    options.s3 = s3
    connection = S3Connection(options, stop: stop)
  }

  /// How many files wait for their move, and how many of these could move now.
  /// - Parameter loaded: one past the last record of each partition that published loads have.
  /// - Throws: where the list cannot be read.
  public func waiting(_ loaded: [TopicPartition: Int64]) throws(EventLogError) -> (
    all: Int, due: Int
  ) {
    let waiting = try moves.waiting()
    let loaded = Self.byName(loaded)
    return (waiting.count, waiting.filter { $0.move.isCovered(by: loaded) }.count)
  }

  /// Moves each file that waits and whose records are all below the offsets. Where another process is at it, nothing happens.
  /// - Parameter loaded: one past the last record of each partition that published loads have.
  /// - Throws: where the list cannot be read; what goes wrong with one file is in the outcome.
  public func move(loaded: [TopicPartition: Int64]) throws -> Outcome {
    var outcome = Outcome()
    guard try !moves.waiting().isEmpty else { return outcome }
    let loaded = Self.byName(loaded)
    _ = try moves.alone {
      for (id, move) in try moves.waiting() {
        guard move.isCovered(by: loaded) else {
          outcome.waiting += 1
          continue
        }
        if connection.stop.isRequested { return }
        do {
          try make(move, &outcome)
          try moves.remove(move, id: id)
        } catch let error as any UserFacingError {
          outcome.failures.append(error)
        }
      }
    }
    return outcome
  }

  private static func byName(_ offsets: [TopicPartition: Int64]) -> [String: Int64] {
    Dictionary(uniqueKeysWithValues: offsets.map { ($0.key.description, $0.value) })
  }

  private func make(_ move: SourceMove, _ outcome: inout Outcome) throws {
    if move.source.hasPrefix("s3://") { return try makeObject(move, &outcome) }
    // Without the file the move was made before the process died that made it, or somebody took the file away.
    guard FileSystem.exists(move.source) else { return }
    guard FileSystem.stamp(move.source) == move.stamp else {
      outcome.changed.append(move.source)
      return
    }
    do throws(SystemError) {
      try FileSystem.makeDirectories(FileSystem.parent(move.target))
      let place = try LocalArchive.move(move.source, to: move.target)
      outcome.moved.append((move.source, place))
    } catch {
      throw SourceError(
        .io, "\(move.source) is loaded, but cannot be moved to \(move.target): \(error.reason)")
    }
  }

  private func makeObject(_ move: SourceMove, _ outcome: inout Outcome) throws(SourceError) {
    let client = try connection.client()
    let source = try S3Location(move.source)
    let present = try client.etag(of: source)
    if present == nil { return }
    guard present == move.stamp else {
      outcome.changed.append(move.source)
      return
    }
    var target = try S3Location(move.target)
    let key = target.key
    var number = 1
    while let there = try client.etag(of: target), there.isEmpty || there != present {
      number += 1
      target.key = "\(key).\(number)"
    }
    // A copy that is there already was made before the process died that made it.
    if try client.etag(of: target) == nil {
      try client.copy(S3Object(location: source, byteCount: 0, etag: move.stamp), to: target)
    }
    try client.delete(source)
    outcome.moved.append((move.source, target.description))
  }
}
