import Foundation

/// A file to import: on this machine, or an object in a bucket.
struct SourceFile {
  enum Origin {
    case local(path: String)
    /// - Parameter root: the key's part that the URL gave, up to its last slash.
    case object(S3Object, root: String)
  }

  enum Content: Equatable {
    /// One JSON object a line.
    case events
    case table(TableKind)
  }

  let origin: Origin

  /// As messages have it.
  var title: String {
    switch origin {
    case .local(let path): path
    case .object(let object, _): object.location.description
    }
  }

  /// Without its directory.
  var name: String {
    switch origin {
    case .local(let path): (path as NSString).lastPathComponent
    case .object(let object, _): object.name
    }
  }

  static let eventEndings = [".ndjson", ".jsonl", ".json"]

  /// The name in lower case without the ending of a compression.
  static func plainName(_ name: String) -> String {
    let lower = name.lowercased()
    for ending in [".gz", ".zst"] where lower.hasSuffix(ending) {
      return String(lower.dropLast(ending.count))
    }
    return lower
  }

  /// Whether a file of a directory or a bucket is one to import, by its name. `truth.json` is what the
  /// generator writes beside its events.
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

/// What an import takes files for.
public enum ImportFormat: String, CaseIterable, Sendable {
  /// Told by each file's name, or else by its first byte.
  case auto
  /// Events, one JSON object a line.
  case eventsim
  /// The tables users, songs and streams.
  case csv
}
