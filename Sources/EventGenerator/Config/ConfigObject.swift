import Foundation
import Support

/// One object of a config file, whose values are asked for by key and type. Every error names the
/// file, the key and the value.
struct ConfigObject {
  let file: String
  /// The way to this object for messages, such as `transitions[3].source.`; empty at the top.
  let path: String
  private let values: [String: Any]

  init(json: Data, file: String) throws(GeneratorError) {
    let parsed: Any
    do {
      parsed = try JSONSerialization.jsonObject(with: json, options: [.fragmentsAllowed])
    } catch {
      let reason =
        (error as NSError).userInfo["NSDebugDescription"] as? String ?? "it cannot be parsed"
      throw GeneratorError(
        .notJSON, "\(file): this is not JSON: \(Self.oneLine(reason)) Correct it")
    }
    guard let values = parsed as? [String: Any] else {
      throw GeneratorError(.notJSON, "\(file): the config must be a JSON object, { … }")
    }
    self.init(values, file: file, path: "")
  }

  private init(_ values: [String: Any], file: String, path: String) {
    self.values = values
    self.file = file
    self.path = path
  }

  /// A warning for each key that is not known, wherever in the file it is. Within lists a key is
  /// named once, by its path without the indices.
  /// - Parameters:
  ///   - known: the keys of this object.
  ///   - nested: the keys of the objects below it, by their path, such as `transitions.source`.
  func unknownKeys(known: Set<String>, nested: [String: Set<String>]) -> [String] {
    var unknown: Set<String> = []
    Self.collectUnknown(in: values, path: "", known: known, nested: nested, &unknown)
    return unknown.sorted()
      .map { "\(file): \($0) is not a key that the generator knows; it has no effect" }
  }

  private static func collectUnknown(
    in object: [String: Any], path: String, known: Set<String>, nested: [String: Set<String>],
    _ unknown: inout Set<String>
  ) {
    for (key, value) in object {
      let place = path.isEmpty ? key : "\(path).\(key)"
      guard known.contains(key) else {
        unknown.insert(place)
        continue
      }
      guard let below = nested[place] else { continue }
      for case let child as [String: Any] in value as? [Any] ?? [value] {
        collectUnknown(in: child, path: place, known: below, nested: nested, &unknown)
      }
    }
  }

  func text(_ key: String) throws(GeneratorError) -> String? {
    guard let value = present(key) else { return nil }
    guard let text = value as? String else { throw bad(key, value, "a text") }
    return text
  }

  /// One of a few words.
  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _: Choice.Type)
    throws(GeneratorError) -> Choice? where Choice.RawValue == String
  {
    guard let text = try text(key) else { return nil }
    if let choice = Choice(rawValue: text) { return choice }
    throw bad(key, text, Choice.allCases.map(\.rawValue).joined(separator: " or "))
  }

  func flag(_ key: String) throws(GeneratorError) -> Bool? {
    guard let value = present(key) else { return nil }
    guard let number = value as? NSNumber, Self.isFlag(number) else {
      throw bad(key, value, "true or false")
    }
    return number.boolValue
  }

  func number(_ key: String, in range: ClosedRange<Double>, whole: Bool = false)
    throws(GeneratorError) -> Double?
  {
    guard let value = present(key) else { return nil }
    guard let number = value as? NSNumber, !Self.isFlag(number) else {
      throw bad(key, value, "a number")
    }
    if whole, number.doubleValue != number.doubleValue.rounded() {
      throw bad(key, value, "a whole number")
    }
    guard range.contains(number.doubleValue) else { throw bad(key, value, Self.shown(range)) }
    return number.doubleValue
  }

  /// The command line's whole number where there is one, else the file's; both within the range.
  func number(
    _ key: String, in range: ClosedRange<Double>, whole: Bool, or override: (some BinaryInteger)?
  ) throws(GeneratorError) -> Double? {
    guard let override else { return try number(key, in: range, whole: whole) }
    return try checked(Double(override), flagOf: key, range)
  }

  /// The command line's number where there is one, else the file's; both within the range.
  func number(_ key: String, in range: ClosedRange<Double>, or override: Double?)
    throws(GeneratorError) -> Double?
  {
    guard let override else { return try number(key, in: range) }
    return try checked(override, flagOf: key, range)
  }

  /// A whole number of 64 bits, with or without a sign.
  func seed(_ key: String) throws(GeneratorError) -> UInt64? {
    guard let value = present(key) else { return nil }
    if let number = value as? NSNumber, !Self.isFlag(number) {
      if let seed = value as? UInt64 { return seed }
      if let seed = value as? Int64 { return UInt64(bitPattern: seed) }
    }
    throw bad(key, value, "a whole number of at most 64 bits")
  }

  func time(_ key: String) throws(GeneratorError) -> Int64? {
    guard let text = try text(key) else { return nil }
    guard let time = ISOTime.parse(text) else {
      throw bad(key, text, "a time such as 2026-01-31 or 2026-01-31T12:00:00Z")
    }
    return time
  }

  /// Passes on a value of the command line that lies within its key's range. A key's flag has the
  /// key's name, but for `n-users`.
  private func checked(_ value: Double, flagOf key: String, _ range: ClosedRange<Double>)
    throws(GeneratorError) -> Double
  {
    guard range.contains(value) else {
      let flag = key == "n-users" ? "--users" : "--\(key)"
      throw GeneratorError(
        .badValue, "\(flag): \(Self.shown(value)) must be \(Self.shown(range))")
    }
    return value
  }

  private static func shown(_ range: ClosedRange<Double>) -> String {
    let upper = range.upperBound
    // A range that stops just short of a whole number is meant to leave that number out.
    let isOpen = upper != upper.rounded() && upper.nextUp == upper.nextUp.rounded()
    return "from \(shown(range.lowerBound)) to "
      + (isOpen ? "below \(shown(upper.nextUp))" : shown(upper))
  }

  private static func shown(_ number: Double) -> String {
    Int64(exactly: number).map(String.init) ?? "\(number)"
  }

  func object(_ key: String) throws(GeneratorError) -> ConfigObject {
    guard let value = present(key) else { throw missing(key) }
    guard let object = value as? [String: Any] else { throw bad(key, value, "an object") }
    return ConfigObject(object, file: file, path: "\(path)\(key).")
  }

  /// The objects of a list; none where the key is not there.
  func objects(_ key: String) throws(GeneratorError) -> [ConfigObject] {
    guard let value = present(key) else { return [] }
    guard let list = value as? [Any] else { throw bad(key, value, "a list") }
    var objects: [ConfigObject] = []
    for (index, element) in list.enumerated() {
      guard let object = element as? [String: Any] else {
        throw bad("\(key)[\(index)]", element, "an object")
      }
      objects.append(ConfigObject(object, file: file, path: "\(path)\(key)[\(index)]."))
    }
    return objects
  }

  func required<Value>(_ key: String, _ value: Value?) throws(GeneratorError) -> Value {
    guard let value else { throw missing(key) }
    return value
  }

  private func present(_ key: String) -> Any? {
    guard let value = values[key], !(value is NSNull) else { return nil }
    return value
  }

  private func missing(_ key: String) -> GeneratorError {
    GeneratorError(.missingKey, "\(file): \(path)\(key) is missing; add it")
  }

  private func bad(_ key: String, _ value: Any, _ expected: String) -> GeneratorError {
    let shown =
      switch value {
      case is [Any]: "a list"
      case is [String: Any]: "an object"
      case let text as String: "\"\(text)\""
      default: "\(value)"
      }
    return GeneratorError(
      .badValue, "\(file): \(path)\(key): \(Self.oneLine(shown)) must be \(expected)")
  }

  /// JSONSerialization gives `true` as an NSNumber of C's char type.
  private static func isFlag(_ number: NSNumber) -> Bool {
    number.objCType.pointee == CChar(UInt8(ascii: "c"))
  }

  private static func oneLine(_ text: String) -> String {
    String(text.prefix(120).map { $0.isNewline ? " " : $0 })
  }
}
