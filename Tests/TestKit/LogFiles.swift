import Foundation
import Glibc

/// Counts the records of a directory log by the newlines in its files, and not by the log's own reader: a
/// fault of that reader must not hide in the count. Follows files as they grow. Not shared between threads.
public final class LogFiles {
  public struct Counts: Equatable, Sendable {
    public var listens: Int64 = 0
    public var pageViews: Int64 = 0
    public var auths: Int64 = 0

    public init(listens: Int64 = 0, pageViews: Int64 = 0, auths: Int64 = 0) {
      self.listens = listens
      self.pageViews = pageViews
      self.auths = auths
    }

    public var total: Int64 { listens + pageViews + auths }

    public static func + (a: Counts, b: Counts) -> Counts {
      Counts(
        listens: a.listens + b.listens, pageViews: a.pageViews + b.pageViews,
        auths: a.auths + b.auths)
    }
  }

  private struct Seen {
    var bytes: UInt64 = 0
    var lines: Int64 = 0
  }

  private let path: String
  private var seen: [String: Seen] = [:]

  /// - Parameter path: the log's directory, or one with `<topic>.ndjson` files.
  public init(_ path: String) { self.path = path }

  /// The lines of each topic at this moment.
  public func count() throws -> Counts {
    Counts(
      listens: try lines("listen_events"), pageViews: try lines("page_view_events"),
      auths: try lines("auth_events"))
  }

  /// All lines of a topic, file by file.
  public func records(of topic: String) throws -> [Data] {
    try files(of: topic).flatMap { file in
      try Data(contentsOf: URL(fileURLWithPath: file)).split(separator: 0x0A)
    }
  }

  private func files(of topic: String) throws -> [String] {
    let single = "\(path)/\(topic).ndjson"
    if FileManager.default.fileExists(atPath: single) { return [single] }
    let names = FileManager.default.enumerator(atPath: "\(path)/\(topic)")
    var found: [String] = []
    while let name = names?.nextObject() as? String {
      guard !name.hasSuffix(".zst") else {
        throw Program.Failure(description: "\(name): a sealed segment, larger than tests make")
      }
      if name.hasSuffix(".ndjson") { found.append("\(path)/\(topic)/\(name)") }
    }
    return found.sorted()
  }

  private func lines(_ topic: String) throws -> Int64 {
    var total: Int64 = 0
    for file in try files(of: topic) {
      var known = seen[file, default: Seen()]
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
      defer { try? handle.close() }
      try handle.seek(toOffset: known.bytes)
      while let block = try handle.read(upToCount: 1 << 20), !block.isEmpty {
        known.bytes += UInt64(block.count)
        known.lines += block.withUnsafeBytes(Self.newlines)
      }
      seen[file] = known
      total += known.lines
    }
    return total
  }

  /// By memchr: a loop over bytes takes half of the tests' time in a debug build.
  private static func newlines(_ bytes: UnsafeRawBufferPointer) -> Int64 {
    var count: Int64 = 0
    guard var at = bytes.baseAddress else { return 0 }
    let end = at + bytes.count
    while at < end, let found = memchr(at, 0x0A, end - at) {
      count += 1
      at = UnsafeRawPointer(found) + 1
    }
    return count
  }
}
