import EventModel
import Foundation

/// The rules of docs/events.md, and the bounds of docs/metrics.md, written a second time over Foundation's JSON
/// parser: slow, plain, and without any code of the decoder.
enum FoundationOracle {
  enum Verdict: Equatable {
    /// Foundation takes the document, and these are the event's fields.
    case event([String: FieldValue])
    /// Foundation takes the document, but it is not an event of the topic.
    case noEvent
    /// Foundation does not take the document.
    case malformed
    /// The two parsers are known to differ on such a document, so that the oracle has no verdict.
    case unknown
  }

  static func verdict(on bytes: [UInt8], as topic: Topic) -> Verdict {
    if isReadDifferently(bytes) { return .unknown }
    let document: Any
    do {
      document = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    } catch {
      // Foundation refuses numbers beyond a double and nesting beyond 512 anywhere.
      let message = (error as NSError).userInfo["NSDebugDescription"] as? String ?? ""
      return message.contains("not representable") || message.contains("Too many nested")
        ? .unknown : .malformed
    }
    guard let object = document as? [String: Any] else { return .noEvent }
    do {
      return .event(try fields(of: object, as: topic))
    } catch {
      return error == .notExact ? .unknown : .noEvent
    }
  }

  /// Foundation guesses UTF-16 and UTF-32 from NUL bytes and byte order marks, and allows a comma before a
  /// closing bracket. RFC 8259 allows neither.
  private static func isReadDifferently(_ bytes: [UInt8]) -> Bool {
    if bytes.contains(0) || bytes.starts(with: [0xef, 0xbb, 0xbf]) { return true }
    if bytes.starts(with: [0xfe, 0xff]) || bytes.starts(with: [0xff, 0xfe]) { return true }
    var afterComma = false
    for byte in bytes {
      switch byte {
      case UInt8(ascii: ","): afterComma = true
      case UInt8(ascii: " "), 9, 10, 13: break
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if afterComma { return true }
      default: afterComma = false
      }
    }
    return false
  }

  private enum Refusal: Error {
    case refused
    /// Foundation keeps long numbers as decimals, so that their double is not known.
    case notExact
  }

  private static let textLimits: [(String, Int)] = [
    ("level", 256), ("userAgent", 2048), ("city", 256), ("state", 256), ("country", 256),
    ("firstName", 256), ("lastName", 256), ("gender", 256), ("auth", 256), ("artist", 1024),
    ("song", 1024), ("page", 256), ("method", 256), ("tag", 256), ("location", 256),
    ("trackId", 256),
  ]

  private static func fields(
    of object: [String: Any], as topic: Topic
  ) throws(Refusal) -> [String: FieldValue] {
    var event: [String: FieldValue] = [:]
    for key in ["ts", "sessionId", "itemInSession", "userId", "registration", "status"] {
      let strings = ["userId", "registration", "status"].contains(key)
      if let value = try integer(object[key], strings: strings) { event[key] = .integer(value) }
    }
    for key in ["lon", "lat", "duration"] {
      if let value = try number(object[key]) { event[key] = .number(value) }
    }
    let length = try number(object["length"])
    for key in [
      "level", "userAgent", "city", "state", "country", "firstName", "lastName", "gender", "auth",
      "artist", "song", "page", "method", "tag",
    ] {
      if let value = try text(object[key]) { event[key] = .text(value) }
    }
    _ = try text(object["location"])
    event["success"] = try boolean(object["success"]).map(FieldValue.boolean)
    for key in ["zip", "trackId"] {
      if object[key] is String || object[key] is NSNull {
        event[key] = try text(object[key]).map { .text($0) }
      } else if let value = try integer(object[key], strings: false) {
        guard value >= 0 else { throw .refused }
        event[key] = .text("\(value)")
      }
    }

    guard case .integer(let ts) = event["ts"], case .integer(let item) = event["itemInSession"],
      event["sessionId"] != nil, event["page"] != nil || topic != .pageView,
      event["success"] != nil || topic != .auth
    else { throw .refused }
    if event["userId"] == .integer(Int64.min) || item > 2_147_483_647 { throw .refused }
    for (key, limit) in textLimits {
      if object[key] is String, let value = try text(object[key]), value.count > limit {
        throw .refused
      }
    }
    let time = Date(timeIntervalSince1970: Double(ts) / 1000)
    guard time >= date("2000-01-01T00:00:00Z"), time < date("2100-01-01T00:00:00Z"), item >= 0
    else { throw .refused }
    if case .integer(let registration) = event["registration"] {
      let time = Date(timeIntervalSince1970: Double(registration) / 1000)
      guard time >= date("1900-01-01T00:00:00Z"), time < date("2100-01-01T00:00:00Z")
      else { throw .refused }
    }
    if case .integer(let status) = event["status"], !(0...999).contains(status) { throw .refused }
    if case .number(let lon) = event["lon"], abs(lon) > 180 { throw .refused }
    if case .number(let lat) = event["lat"], abs(lat) > 90 { throw .refused }
    if let length, length < 0 || length > 1e6 { throw .refused }
    if case .number(let duration) = event["duration"] {
      guard duration >= 0, duration <= 1e6 else { throw .refused }
      if duration == 0 { event["duration"] = nil }
    }
    if event["duration"] == nil, let length, length != 0 { event["duration"] = .number(length) }
    return event
  }

  private static func date(_ text: String) -> Date { try! Date(text, strategy: .iso8601) }

  /// The value unless it is absent: not there, null or `""`.
  private static func there(_ value: Any?) -> Any? {
    value is NSNull || value as? String == "" ? nil : value
  }

  private static func plainNumber(_ value: Any) throws(Refusal) -> NSNumber {
    guard let number = value as? NSNumber, !(value is String), !isBoolean(number) else {
      throw .refused
    }
    if number is NSDecimalNumber { throw .notExact }
    return number
  }

  private static func isBoolean(_ number: NSNumber) -> Bool {
    String(cString: number.objCType) == "c"
  }

  private static func integer(_ value: Any?, strings: Bool) throws(Refusal) -> Int64? {
    guard let value = there(value) else { return nil }
    if let text = value as? String {
      // Swift's Int64 reads a plus sign, which a number in JSON cannot have.
      guard strings, !text.hasPrefix("+"), let integer = Int64(text) else { throw .refused }
      return integer
    }
    let number = try plainNumber(value)
    switch String(cString: number.objCType) {
    case "d", "f":
      guard abs(number.doubleValue) < 0x1p53, let integer = Int64(exactly: number.doubleValue)
      else { throw .refused }
      return integer
    default:
      guard let integer = Int64(number.stringValue) else { throw .refused }
      return integer
    }
  }

  private static func number(_ value: Any?) throws(Refusal) -> Double? {
    guard let value = there(value) else { return nil }
    if let text = value as? String {
      guard text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil,
        let number = Double(text), number.isFinite
      else { throw .refused }
      return number
    }
    return try plainNumber(value).doubleValue
  }

  private static func boolean(_ value: Any?) throws(Refusal) -> Bool? {
    guard let value = there(value) else { return nil }
    if let text = value as? String {
      guard text == "true" || text == "false" else { throw .refused }
      return text == "true"
    }
    guard let number = value as? NSNumber, isBoolean(number) else { throw .refused }
    return number.boolValue
  }

  private static func text(_ value: Any?) throws(Refusal) -> [UInt8]? {
    guard let value = there(value) else { return nil }
    guard let text = value as? String, !text.utf8.contains(0) else { throw .refused }
    return Array(text.utf8)
  }
}
