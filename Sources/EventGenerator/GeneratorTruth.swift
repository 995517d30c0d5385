import EventModel
import Glibc

/// Counts what was emitted, so that whatever consumes the events can be audited to the unit. Its
/// JSON is the same for the same events.
public struct GeneratorTruth: Sendable {
  /// Events of one minute, by topic.
  public struct Minute: Sendable, Equatable {
    /// When it began, milliseconds since 1970-01-01 UTC.
    public var start: Int64
    /// Indexed by the topic's raw value.
    public var counts: [Int64]
  }

  /// Indexed by the topic's raw value.
  public private(set) var totals = [Int64](repeating: 0, count: Topic.allCases.count)
  public private(set) var logins: Int64 = 0
  public private(set) var failedLogins: Int64 = 0

  private var minuteIndex: [Int64: Int] = [:]
  private var rows: [Minute] = []
  private var last = -1
  private var pageRows: [(page: [UInt8], count: Int64)] = []
  /// Pages by the address of their text, which is the same for all events of a simulation. Another
  /// simulation may have other text there, or the same text elsewhere: `pages` adds up by text.
  private var pageIndex: [TextAddress: Int] = [:]

  public init() {}

  public func total(_ topic: Topic) -> Int64 { totals[Int(topic.rawValue)] }

  /// In the order of time.
  public var minutes: [Minute] { rows.sorted { $0.start < $1.start } }

  /// How often each page was viewed.
  public var pages: [String: Int64] {
    Dictionary(
      pageRows.map { (String(decoding: $0.page, as: UTF8.self), $0.count) }, uniquingKeysWith: +)
  }

  /// Counts one event.
  public mutating func record(_ event: Event) {
    let topic = Int(event.topic.rawValue)
    totals[topic] += 1
    rows[row(event.ts)].counts[topic] += 1
    switch event.topic {
    case .listen: break
    case .auth: if event.success == true { logins += 1 } else { failedLogins += 1 }
    case .pageView: countPage(event.page)
    }
  }

  private mutating func row(_ ts: Int64) -> Int {
    let start = CivilTime.floorDivide(ts, 60_000) * 60_000
    if last >= 0, rows[last].start == start { return last }
    if let known = minuteIndex[start] {
      last = known
    } else {
      last = rows.count
      minuteIndex[start] = last
      rows.append(Minute(start: start, counts: totals.map { _ in 0 }))
    }
    return last
  }

  private mutating func countPage(_ page: ByteSlice) {
    let key = TextAddress(address: UInt(bitPattern: page.start))
    if let known = pageIndex[key], isText(pageRows[known].page, page) {
      pageRows[known].count += 1
    } else {
      pageIndex[key] = pageRows.count
      pageRows.append((Array(page.buffer), 1))
    }
  }

  private func isText(_ known: [UInt8], _ page: ByteSlice) -> Bool {
    guard known.count == page.count, let start = page.start else {
      return known.count == page.count
    }
    return memcmp(known, start, known.count) == 0
  }

  /// The content of `truth.json`.
  public var json: String {
    var out = "{\n  \"events\": {\(counts(totals))},\n"
    out += "  \"logins\": \(logins),\n  \"failed_logins\": \(failedLogins),\n  \"pages\": {"
    var separator = "\n"
    for (page, count) in pages.sorted(by: { $0.key < $1.key }) {
      out += "\(separator)    \(Self.quoted(page)): \(count)"
      separator = ",\n"
    }
    out += "\n  },\n  \"minutes\": ["
    separator = "\n"
    for minute in minutes {
      out += "\(separator)    {\"start\": \(minute.start), \(counts(minute.counts))}"
      separator = ",\n"
    }
    return out + "\n  ]\n}\n"
  }

  private func counts(_ values: [Int64]) -> String {
    Topic.allCases.map { "\"\($0.name)\": \(values[Int($0.rawValue)])" }.sorted()
      .joined(separator: ", ")
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": out += "\\\(scalar)"
      case "\u{0}"..<"\u{20}":
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}

/// An address as a key: it is compared, never followed.
private struct TextAddress: Hashable {
  var address: UInt
}
