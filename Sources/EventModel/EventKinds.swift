/// Tells the events of a topic apart that has all kinds of them, by a field that says which kind a record is of.
public struct EventKinds: Sendable {
  /// The field's name, unless somebody says otherwise.
  public static let defaultField = "type"
  /// The topic that counts records of unknown kinds: as undecodable, each once.
  public static let topicOfStrays = Topic.pageView

  private let field: String
  private let names: [(name: [UInt8], topic: Topic)]
  private let openings: [[UInt8]]

  /// - Parameters:
  ///   - field: a member of the record's object itself; no quotes, backslashes or control characters.
  ///   - names: what the field calls a topic's events; of a topic that is not there the topic's name, as in `listen_events`, and
  ///     the same without `_events`.
  public init(field: String = EventKinds.defaultField, names: [Topic: String] = [:]) {
    self.field = field
    var known: [(name: [UInt8], topic: Topic)] = []
    var openings: [[UInt8]] = []
    for topic in Topic.allCases {
      let name = names[topic] ?? topic.name
      known.append((Array(name.utf8), topic))
      if names[topic] == nil {
        known.append((Array(topic.name.utf8.dropLast("_events".utf8.count)), topic))
      }
      openings.append(Array("{\"\(field)\":\"\(name)\",".utf8))
    }
    self.names = known
    self.openings = openings
  }

  /// Whether `text` can be a field or the name of a kind: text that JSON has as it is.
  public static func isValid(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
  }

  /// The topic that a record belongs to; nil where the field is not there, or names none. Of a field that comes more than
  /// once the first one counts. Confluent's frame is looked through.
  public func topic(of record: UnsafeRawBufferPointer) -> Topic? {
    guard let kind = kind(of: record) else { return nil }
    return names.first { $0.name.elementsEqual(kind) }?.topic
  }

  private func kind(of record: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    MemberScan(ConfluentFrame.document(in: record) ?? record).text(of: field)
  }

  /// A record of an unknown kind as something that no decoder takes for an event, whatever fields the record has.
  /// `StrayRecord` gives it back.
  public func stray(_ record: UnsafeRawBufferPointer) -> [UInt8] {
    let found = kind(of: record).map {
      DecodingFailure.quoted($0.bindMemory(to: UInt8.self))
    }
    return StrayRecord.marked(record, field: field, found: found ?? "no text")
  }

  /// What a record of the topic begins with in place of its brace, so that it names its kind.
  public func opening(of topic: Topic) -> [UInt8] { openings[Int(topic.rawValue)] }
}

/// A record that cannot be an event, with what is wrong with it: one of no kind we know of a topic that has all kinds, or a row of a table
/// that was imported. Its bytes follow three lines: a mark; the field's name, or where the row stood; and what was found there.
public enum StrayRecord {
  private static let unknownKind = "polyrhythm: unknown kind"
  private static let brokenRow = "polyrhythm: broken row"

  static func marked(_ record: UnsafeRawBufferPointer, field: String, found: String) -> [UInt8] {
    Array("\(unknownKind)\n\(field)\n\(found)\n".utf8) + record
  }

  /// A row that cannot become an event.
  /// - Parameters:
  ///   - place: where it stood, such as `streams.csv, line 3`.
  ///   - reason: what is wrong with it.
  public static func row(_ row: UnsafeRawBufferPointer, at place: String, _ reason: String)
    -> [UInt8]
  {
    func line(_ text: String) -> String {
      text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
    return Array("\(brokenRow)\n\(line(place))\n\(line(reason))\n".utf8) + row
  }

  /// The record as it came; nil where `bytes` are no such record.
  public static func document(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    parts(of: bytes)?.document
  }

  /// Why it is no event; nil where `bytes` are no such record.
  static func failure(of bytes: UnsafeRawBufferPointer) -> DecodingFailure? {
    guard let parts = parts(of: bytes) else { return nil }
    return DecodingFailure(
      code: parts.code, field: parts.field,
      expected: parts.code == .unknownKind ? "a kind of event" : "an event", found: parts.found)
  }

  private static func parts(of bytes: UnsafeRawBufferPointer) -> (
    code: DecodingFailure.Code, field: String, found: String, document: UnsafeRawBufferPointer
  )? {
    guard bytes.starts(with: "polyrhythm: ".utf8) else { return nil }
    let lines = bytes.split(separator: 10, maxSplits: 3, omittingEmptySubsequences: false)
    guard lines.count == 4 else { return nil }
    let code: DecodingFailure.Code
    switch String(decoding: lines[0], as: UTF8.self) {
    case unknownKind: code = .unknownKind
    case brokenRow: code = .brokenRow
    default: return nil
    }
    return (
      code, String(decoding: lines[1], as: UTF8.self), String(decoding: lines[2], as: UTF8.self),
      UnsafeRawBufferPointer(rebasing: lines[3])
    )
  }
}
