import EventLog
import Glibc
import Support

/// Imports what arrives in directories and buckets.
///
/// A file is taken when it is complete: when two looks at it find the same content; an object when it is there, as S3 shows whole ones only.
/// Names that begin with a dot or end with `~` are passed over, as are endings such as `.part`. A file that cannot be
/// understood is named, and not tried again until it changes. Tables of users and songs are remembered for the streams that come
/// later.
public final class SourceWatch {
  /// Seconds between two looks.
  public static let intervals = 0.1...86_400.0

  private let importer: Importer
  private let interval: Double
  private let stop: StopToken
  private let say: (String) -> Void
  /// By place: what the last look found there.
  private var seen: [String: String] = [:]
  /// By place: the content that is imported, or cannot be.
  private var done: [String: String] = [:]
  /// By what it is about: what was said last, so that each look does not say it again.
  private var said: [String: String] = [:]

  /// - Parameters:
  ///   - interval: seconds between two looks; of `intervals`.
  ///   - stop: ends the watch; what was imported stays.
  ///   - say: gets what goes wrong, a line each.
  public init(
    _ importer: Importer, interval: Double, stop: StopToken, say: @escaping (String) -> Void
  ) {
    self.importer = importer
    self.interval = interval
    self.stop = stop
    self.say = say
  }

  /// Imports what is there and what comes until the stop.
  /// - Parameters:
  ///   - operands: directories and `s3://…`.
  ///   - beforeWriting: called before the log is touched.
  ///   - report: called behind each look that found something, with what was done.
  /// - Throws: `SourceError`, `EventLogError` of the first look: a place that is not there, keys that are missing, a log that
  ///   another process writes. What goes wrong later is said, and tried again.
  public func run(
    _ operands: [String], beforeWriting: () throws -> Void = {}, report: (ImportSummary) -> Void
  ) throws {
    for operand in operands where !operand.hasPrefix("s3://") && !FileSystem.isDirectory(operand) {
      throw SourceError(
        FileSystem.exists(operand) ? .configuration : .notFound,
        "\(operand): --watch takes directories and s3://BUCKET/PREFIX")
    }
    try importer.checkArchive(operands)
    var isFirst = true
    while !stop.isRequested {
      do {
        try look(operands, beforeWriting, report)
        isFirst = false
        said[""] = nil
      } catch let error as any UserFacingError {
        if stop.isRequested { return }
        guard !isFirst else { throw error }
        sayOnce("\(error.message); trying again", of: "")
      }
      stop.wait(seconds: interval)
    }
  }

  private func sayOnce(_ text: String, of what: String) {
    if said[what] != text { say(text) }
    said[what] = text
  }

  /// One look, in which what became complete since the last one is imported.
  func look(
    _ operands: [String], _ beforeWriting: () throws -> Void, _ report: (ImportSummary) -> Void
  ) throws {
    let ready = try complete(operands)
    guard !ready.isEmpty else { return }
    importer.summary = ImportSummary()
    var passedOver = Set<String>()
    defer { report(importer.summary) }
    try importer.bring(ready, beforeWriting: beforeWriting) { file, error in
      guard isOfFile(error, file) else { return false }
      passedOver.insert(file.place)
      if error.code == .badContent {
        done[file.place] = file.stamp
        sayOnce("\(error.message); not tried again until it changes", of: file.place)
      } else if error.code != .notFound {
        sayOnce(error.message, of: file.place)
      }
      return true
    }
    for file in ready where !passedOver.contains(file.place) { done[file.place] = file.stamp }
  }

  /// Whether the error tells of this one file, so that others may do better: a log that cannot be written is no fault of the file's.
  private func isOfFile(_ error: SourceError, _ file: SourceFile) -> Bool {
    switch error.code {
    case .badContent, .notFound: return true
    case .io:
      if case .local(let path) = file.origin { return access(path, R_OK) != 0 }
      return false
    default: return false
    }
  }

  /// The files that are to be imported now.
  private func complete(_ operands: [String]) throws(SourceError) -> [SourceFile] {
    var present: [String: String] = [:]
    var ready: [SourceFile] = []
    for operand in operands {
      for file in try importer.sources.files(operand) where !Self.isTemporary(file.name) {
        guard let stamp = file.stamp, present[file.place] == nil else { continue }
        present[file.place] = stamp
        let isComplete = if case .object = file.origin { true } else { seen[file.place] == stamp }
        if isComplete, done[file.place] != stamp { ready.append(file) }
      }
    }
    seen = present
    done = done.filter { present[$0.key] != nil }
    said = said.filter { $0.key.isEmpty || present[$0.key] != nil }
    return ready
  }

  private static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(".") || name.hasSuffix("~")
  }
}
