import Foundation
import Support

/// A file to import: on this machine, or an object in a bucket.
struct SourceFile {
  enum Origin {
    case local(path: String)
    /// - Parameter root: the part of the operand's prefix up to its last slash; archived objects keep the part
    ///   of their key behind it.
    case object(S3Object, root: String)
  }

  enum Content: Equatable {
    /// One JSON object a line.
    case events
    case table(TableKind)
    /// Not one byte.
    case empty
  }

  let origin: Origin
  /// What tells one content of the file from a later one, from before the file was read; nil for what can be read only once.
  let stamp: String?

  init(origin: Origin) {
    self.origin = origin
    switch origin {
    case .local(let path): stamp = FileSystem.stamp(path)
    case .object(let object, _): stamp = object.etag.isEmpty ? nil : object.etag
    }
  }

  /// Where it lies, wherever the process works: an absolute path or a URL.
  var place: String {
    switch origin {
    case .local(let path): FileSystem.absolute(path)
    case .object(let object, _): object.location.description
    }
  }

  /// The name by which messages call the file: its path or URL.
  var title: String {
    switch origin {
    case .local(let path): path
    case .object(let object, _): object.location.description
    }
  }

  /// The file's name without its directory.
  var name: String {
    switch origin {
    case .local(let path): (path as NSString).lastPathComponent
    case .object(let object, _): object.name
    }
  }

  /// True where it is known without reading it that there is nothing in it. A pipe tells no size.
  var isEmpty: Bool {
    switch origin {
    case .local(let path): FileSystem.isFile(path) && FileSystem.size(path) == 0
    case .object(let object, _): object.byteCount == 0
    }
  }

  static let eventEndings = [".ndjson", ".jsonl", ".json"]

  /// The name in lower case, without an ending such as `.gz` that names a compression.
  static func plainName(_ name: String) -> String {
    let lower = name.lowercased()
    for ending in [".gz", ".zst"] where lower.hasSuffix(ending) {
      return String(lower.dropLast(ending.count))
    }
    return lower
  }

  /// True if the name is that of a file to import from a directory or bucket. `truth.json` is not: the
  /// generator writes its counts into that file beside the events.
  static func isImportable(_ name: String, _ format: ImportFormat) -> Bool {
    let plain = plainName(name)
    let isEvents = eventEndings.contains { plain.hasSuffix($0) } && plain != "truth.json"
    let isTable = plain.hasSuffix(".csv")
    switch format {
    case .auto: return isEvents || isTable
    case .eventsim: return isEvents
    case .csv: return isTable
    }
  }
}

/// The kind of content that an import takes files to have.
public enum ImportFormat: String, CaseIterable, Sendable {
  /// Each file's content is told by its name, or else by its first byte.
  case auto
  /// Events, one JSON object a line.
  case eventsim
  /// The tables users, songs and streams.
  case csv
}
