/// As much of XML as the answers of S3 need: elements by name, their text, entities. Attributes, comments and
/// declarations are skipped, and namespaces are ignored.
struct XMLText {
  private let text: Substring

  init(_ text: String) { self.text = text[...] }
  private init(_ text: Substring) { self.text = text }

  /// The first element of this name at any depth; nil where there is none.
  func first(_ name: String) -> XMLText? {
    var rest = text
    return Self.next(name, in: &rest)
  }

  /// All elements of this name, in order, but not those within others of the same name.
  func all(_ name: String) -> [XMLText] {
    var rest = text
    var result: [XMLText] = []
    while let element = Self.next(name, in: &rest) { result.append(element) }
    return result
  }

  /// The text with entities resolved.
  var value: String {
    guard text.contains("&") else { return String(text) }
    var result = ""
    var rest = text
    while let ampersand = rest.firstIndex(of: "&") {
      result += rest[..<ampersand]
      rest = rest[ampersand...]
      guard let end = rest.firstIndex(of: ";"),
        let character = Self.character(rest[rest.index(after: ampersand)..<end])
      else {
        result += "&"
        rest = rest.dropFirst()
        continue
      }
      result.unicodeScalars.append(character)
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private static func character(_ entity: Substring) -> Unicode.Scalar? {
    switch entity {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      guard entity.hasPrefix("#") else { return nil }
      let digits = entity.dropFirst()
      let number =
        digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
      return number.flatMap { Unicode.Scalar($0) }
    }
  }

  /// Finds the next element of this name, and moves `rest` behind it.
  private static func next(_ name: String, in rest: inout Substring) -> XMLText? {
    while let open = rest.firstIndex(of: "<") {
      rest = rest[rest.index(after: open)...]
      guard rest.hasPrefix(name), let end = rest.firstIndex(of: ">") else { continue }
      let behind = rest[rest.index(rest.startIndex, offsetBy: name.count)]
      guard behind == ">" || behind == "/" || behind.isWhitespace else { continue }
      let isEmpty = rest[rest.index(before: end)] == "/"
      let content = rest[rest.index(after: end)...]
      rest = content
      if isEmpty { return XMLText(content.prefix(0)) }
      guard let close = content.firstRange(of: "</\(name)>") else { return XMLText(content) }
      rest = content[close.upperBound...]
      return XMLText(content[..<close.lowerBound])
    }
    return nil
  }
}
