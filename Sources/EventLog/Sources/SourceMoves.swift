import Foundation
import Glibc
import Support

/// A file of which a log has all, and which is to move away once a load that has its records is published.
public struct SourceMove: Codable, Equatable, Sendable {
  /// Where it lies: an absolute path or a URL.
  public var source: String
  /// What tells whether it is still the file that was imported.
  public var stamp: String
  /// Where it goes, in the same form.
  public var target: String
  /// Where the log ended, by topic/partition, when it had all of the file: all of the file's records are below.
  public var ends: [String: Int64]

  /// Nothing is checked.
  public init(source: String, stamp: String, target: String, ends: [String: Int64]) {
    self.source = source
    self.stamp = stamp
    self.target = target
    self.ends = ends
  }

  /// Whether all of the file's records are below these offsets, by topic/partition.
  public func isCovered(by loaded: [String: Int64]) -> Bool {
    ends.allSatisfy { $0.value <= loaded[$0.key] ?? 0 }
  }
}

/// The moves that wait for a publication: `sources/ID.move` of a lake, a file each. An import writes them, whoever publishes takes
/// them away when they are done. They need no lock of the log.
public struct SourceMoves: Sendable {
  private let path: String

  private static let ending = ".move"

  /// - Parameter lake: the log that loads read.
  public init(_ lake: DirectoryLog) { path = "\(lake.path)/sources" }

  /// Returns once the moves are remembered, whatever happens to this machine's power.
  /// - Parameter moves: by the id of the file to move: letters and digits. An older move of the same id is replaced.
  /// - Throws: where they cannot be written.
  public func add(_ moves: [String: SourceMove]) throws(EventLogError) {
    if moves.isEmpty { return }
    if !File.exists(path) { try File.makeDirectories(path) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    for (id, move) in moves {
      guard let text = try? encoder.encode(move) else { continue }
      try File.replace(
        name(id), with: Array(text) + [10],
        by: "\(path)/\(PartitionDirectory.temporaryPrefix)\(id)\(Self.ending)")
    }
    try File.syncDirectory(path)
  }

  private func name(_ id: String) -> String { "\(path)/\(id)\(Self.ending)" }

  /// The moves that wait, in the order of their sources.
  /// - Throws: `.damaged` for a file that is none of ours.
  public func waiting() throws(EventLogError) -> [(id: String, move: SourceMove)] {
    var moves: [(id: String, move: SourceMove)] = []
    for name in try File.names(in: path) ?? []
    where name.hasSuffix(Self.ending) && !name.hasPrefix(PartitionDirectory.temporaryPrefix) {
      let id = String(name.dropLast(Self.ending.count))
      if let move = try load(id) { moves.append((id, move)) }
    }
    return moves.sorted { $0.move.source < $1.move.source }
  }

  private func load(_ id: String) throws(EventLogError) -> SourceMove? {
    guard let file = try File.openIfThere(name(id), O_RDONLY) else { return nil }
    let bytes = try file.read(count: file.size(), at: 0)
    guard let move = try? JSONDecoder().decode(SourceMove.self, from: Data(bytes)) else {
      throw EventLogError(
        .damaged,
        "\(file.path) is not what polyrhythm writes; remove it, and import its file again")
    }
    return move
  }

  /// Forgets a move, if it is still this one: an import may have replaced it meanwhile.
  /// - Throws: where it cannot be removed.
  public func remove(_ move: SourceMove, id: String) throws(EventLogError) {
    guard try load(id) == move else { return }
    try File.remove(name(id))
    try File.syncDirectory(path)
  }

  /// Runs `body` while nobody else does so on this lake.
  /// - Returns: false where somebody else does, and `body` was not run.
  /// - Throws: what `body` throws; where the lock cannot be had.
  public func alone(_ body: () throws -> Void) throws -> Bool {
    let lock = try File.opening("\(path)/moves.lock", O_RDWR | O_CREAT)
    switch FileLocking.take(LOCK_EX, of: lock.descriptor, waitingAtMost: 0) {
    case 0: break
    case EWOULDBLOCK: return false
    case let failure: throw EventLogError.system(failure, "cannot lock", lock.path)
    }
    defer { _ = flock(lock.descriptor, LOCK_UN) }
    try body()
    return true
  }
}
