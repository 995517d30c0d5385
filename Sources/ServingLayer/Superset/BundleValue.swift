import Support

/// A value of a file in YAML or JSON, with the members of objects in order.
indirect enum BundleValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case text(String)
  case list([BundleValue])
  case object([Member])

  struct Member: Equatable, Sendable {
    var name: String
    var value: BundleValue
  }

  /// In YAML 1.2, in blocks; ends with a line feed. Texts are quoted as in JSON, which YAML takes as they are.
  var yaml: String {
    var text = ""
    appendYAML(to: &text, indent: "")
    return text
  }

  /// In JSON, without white space.
  var json: String {
    switch self {
    case .list(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { JSONString.quoted($0.name) + ":" + $0.value.json }.joined(separator: ",")
        + "}"
    default: scalar
    }
  }

  private var scalar: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .text(let value): JSONString.quoted(value)
    case .list: "[]"
    case .object: "{}"
    }
  }

  private func appendYAML(to text: inout String, indent: String) {
    switch self {
    case .list(let values) where !values.isEmpty:
      for value in values {
        text += "\(indent)-"
        value.appendBelow(to: &text, indent: indent + "  ")
      }
    case .object(let members) where !members.isEmpty:
      for member in members {
        text +=
          "\(indent)\(Self.isPlain(member.name) ? member.name : JSONString.quoted(member.name)):"
        member.value.appendBelow(to: &text, indent: indent + "  ")
      }
    default: text += "\(indent)\(scalar)\n"
    }
  }

  private func appendBelow(to text: inout String, indent: String) {
    switch self {
    case .list(let values) where !values.isEmpty:
      text += "\n"
      appendYAML(to: &text, indent: indent)
    case .object(let members) where !members.isEmpty:
      text += "\n"
      appendYAML(to: &text, indent: indent)
    default: text += " \(scalar)\n"
    }
  }

  /// Whether a name needs no quotes: YAML would take `y` and `no` for truth values.
  private static func isPlain(_ name: String) -> Bool {
    name.count > 3
      && name.utf8.allSatisfy { (97...122).contains($0) || (65...90).contains($0) || $0 == 95 }
  }
}

extension BundleValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
  ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  init(stringLiteral value: String) { self = .text(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(integerLiteral value: Int) { self = .int(value) }
  init(floatLiteral value: Double) { self = .double(value) }
  init(arrayLiteral elements: BundleValue...) { self = .list(elements) }
  init(nilLiteral: ()) { self = .null }
  init(dictionaryLiteral elements: (String, BundleValue)...) {
    self = .object(elements.map { Member(name: $0.0, value: $0.1) })
  }

  /// A list of texts.
  static func texts(_ values: [String]) -> BundleValue { .list(values.map { .text($0) }) }

  /// The members of both objects; those of the other stand behind, and win where both have one.
  func with(_ other: BundleValue) -> BundleValue {
    guard case .object(let mine) = self, case .object(let others) = other else { return other }
    return .object(mine.filter { member in !others.contains { $0.name == member.name } } + others)
  }
}
