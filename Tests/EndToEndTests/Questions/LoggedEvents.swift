import Foundation
import Support
import TestKit
import Testing

/// An event as its line in the log says it, read by Foundation alone.
struct LineEvent {
  enum Kind: String, CaseIterable {
    case listen, auth
    case pageView = "page_view"
  }

  let kind: Kind
  /// Milliseconds since 1970-01-01 UTC.
  let time: Int64
  let user: Int64?
  let session: Int64
  let gender: String
  let level: String
  let place: String
  let artist: String
  let song: String
  let isSuccess: Bool
  let page: String
  /// Milliseconds.
  let registration: Int64?

  init(_ line: Data, _ kind: Kind) throws {
    let object = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
    func text(_ key: String) -> String { object[key] as? String ?? "" }
    self.kind = kind
    time = try #require(object["ts"] as? Int64)
    user = object["userId"] as? Int64
    session = try #require(object["sessionId"] as? Int64)
    gender = object["gender"] as? String ?? "unknown"
    level = text("level")
    place = "\(text("city")), \(text("state")), \(object["country"] as? String ?? "US")"
    artist = text("artist")
    song = text("song")
    isSuccess = object["success"] as? Bool ?? false
    page = text("page")
    registration = object["registration"] as? Int64
  }

  /// All events of the files that `generate` wrote.
  static func all(in directory: String) throws -> [LineEvent] {
    let files = LogFiles(directory)
    return try Kind.allCases.flatMap { kind in
      try files.records(of: "\(kind.rawValue)_events").map { try LineEvent($0, kind) }
    }
  }
}

/// A bucket by the calendar of UTC, worked out without the warehouse.
enum CalendarBucket: String, CaseIterable {
  case second, minute, hour, day, week, month, quarter, year

  private static let dayMs: Int64 = 86_400_000

  /// When the bucket of a time begins, as PostgreSQL prints it in UTC.
  func start(of time: Int64) -> String {
    let text = ISOTime.text(time / 1000 * 1000)
    let start =
      switch self {
      case .second: text
      case .minute: "\(text.prefix(16)):00Z"
      case .hour: "\(text.prefix(13)):00:00Z"
      case .day: "\(text.prefix(10))T00:00:00Z"
      // 1970-01-01 was a Thursday.
      case .week: ISOTime.text(((time / Self.dayMs + 3) / 7 * 7 - 3) * Self.dayMs)
      case .month: "\(text.prefix(7))-01T00:00:00Z"
      case .quarter:
        "\(text.prefix(5))\(["01", "04", "07", "10"][(Int(text.prefix(7).suffix(2))! - 1) / 3])-01T00:00:00Z"
      case .year: "\(text.prefix(4))-01-01T00:00:00Z"
      }
    return start.replacingOccurrences(of: "T", with: " ").replacingOccurrences(of: "Z", with: "+00")
  }
}

/// Rows of CSV with a header, by column.
struct AnswerRows {
  let rows: [[String: String]]

  init(csv text: String) throws {
    var records: [[String]] = [[]]
    var field = ""
    var isQuoted = false
    var wasQuote = false
    for character in text {
      // A doubled quote ends the quoted part and begins it again; one quote is left of it.
      if character == "\"", !isQuoted, wasQuote { field.append("\"") }
      wasQuote = character == "\""
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        records[records.count - 1].append(field)
        field = ""
      case "\n" where !isQuoted:
        records[records.count - 1].append(field)
        field = ""
        records.append([])
      default: field.append(character)
      }
    }
    let header = records[0]
    rows = records.dropFirst().filter { !$0.isEmpty }.map {
      Dictionary(uniqueKeysWithValues: zip(header, $0))
    }
  }

  /// The rows of each bucket, in order.
  var byBucket: [String: [[String: String]]] { Dictionary(grouping: rows) { $0["bucket"] ?? "" } }
}
