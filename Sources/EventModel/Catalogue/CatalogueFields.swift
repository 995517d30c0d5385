import Foundation

/// The fields of one JSON object of the catalogue. Catalogues are read once, so that a general parser does.
struct CatalogueFields {
  private let object: [String: Any]

  /// - Throws: `DecodingFailure` where the bytes are no JSON object.
  init(_ bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    let parsed: Any
    let document = ConfluentFrame.document(in: bytes) ?? bytes
    do { parsed = try JSONSerialization.jsonObject(with: Data(document)) } catch {
      throw DecodingFailure(
        code: .malformedJSON, field: "", expected: "a JSON object", found: "no valid JSON")
    }
    guard let object = parsed as? [String: Any] else {
      throw DecodingFailure(
        code: .notAnObject, field: "", expected: "a JSON object", found: "another JSON value")
    }
    self.object = object
  }

  /// The value under the first of these names that has one.
  private func value(_ names: [String]) -> (name: String, value: Any)? {
    for name in names {
      if let value = object[name], !(value is NSNull), value as? String != "" {
        return (name, value)
      }
    }
    return nil
  }

  private func failure(
    _ code: DecodingFailure.Code, _ field: String, _ expected: String, _ found: Any?
  ) -> DecodingFailure {
    let text = found.map { "\($0)" } ?? "nothing"
    let shown = Array(text.utf8).withUnsafeBufferPointer(DecodingFailure.quoted)
    return DecodingFailure(code: code, field: field, expected: expected, found: shown)
  }

  /// JSON's numbers and truth values come as the same type, which tells them apart by a letter.
  private func isTruth(_ value: NSNumber) -> Bool { value.objCType.pointee == 0x63 }

  /// A number, or a text that is one.
  private func number(_ name: String, _ value: Any, _ expected: String) throws(DecodingFailure)
    -> NSNumber
  {
    if let number = value as? NSNumber, !isTruth(number) { return number }
    if let text = value as? String {
      if let integer = Int64(text) { return NSNumber(value: integer) }
      if let number = Double(text) { return NSNumber(value: number) }
    }
    throw failure(.wrongType, name, expected, value)
  }

  /// - Throws: `DecodingFailure` where it is no text, is too long, or has a NUL in it.
  func text(_ names: String..., atMost bytes: Int = EventDecoder.longestTitle)
    throws(DecodingFailure) -> String?
  {
    guard let (name, value) = value(names) else { return nil }
    guard let text = value as? String else { throw failure(.wrongType, name, "a text", value) }
    try check(text, name, bytes)
    return text
  }

  private func check(_ text: String, _ name: String, _ bytes: Int) throws(DecodingFailure) {
    guard text.utf8.count <= bytes, !text.utf8.contains(0) else {
      throw failure(.outOfRange, name, "a text of at most \(bytes) bytes without NUL", text)
    }
  }

  /// Several texts; a single one is divided at semicolons, as tables of tracks write it.
  func texts(_ names: String...) throws(DecodingFailure) -> [String] {
    guard let (name, value) = value(names) else { return [] }
    let texts: [String]
    if let text = value as? String {
      texts = text.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    } else if let list = value as? [String] {
      texts = list
    } else {
      throw failure(.wrongType, name, "a list of texts", value)
    }
    for text in texts { try check(text, name, EventDecoder.longestTitle) }
    return texts.filter { !$0.isEmpty }
  }

  func number(_ names: String..., in range: ClosedRange<Double>) throws(DecodingFailure) -> Double?
  {
    guard let (name, value) = value(names) else { return nil }
    let number = try number(name, value, "a number").doubleValue
    guard range.contains(number) else {
      throw failure(
        .outOfRange, name, "a number from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return number
  }

  func integer(_ names: String..., in range: ClosedRange<Int64>) throws(DecodingFailure) -> Int64? {
    guard let (name, value) = value(names) else { return nil }
    guard let integer = Int64(exactly: try number(name, value, "an integer")) else {
      throw failure(.wrongType, name, "an integer", value)
    }
    guard range.contains(integer) else {
      throw failure(
        .outOfRange, name, "an integer from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return integer
  }

  func truth(_ name: String) throws(DecodingFailure) -> Bool? {
    guard let (name, value) = value([name]) else { return nil }
    guard let truth = value as? NSNumber, isTruth(truth) else {
      throw failure(.wrongType, name, "true or false", value)
    }
    return truth.boolValue
  }

  func missing(_ field: String, _ expected: String) -> DecodingFailure {
    failure(.missingField, field, expected, nil)
  }
}
