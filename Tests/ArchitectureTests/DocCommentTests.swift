import TestKit
import Testing

/// Every public declaration has a doc comment.
@Suite struct DocCommentTests {
  @Test func everyPublicDeclarationSaysWhatItMeans() throws {
    for (path, text) in try SourceTree.files(below: "Sources", ending: ".swift") {
      for (line, declaration) in PublicDeclarations(text).undocumented {
        Issue.record("\(path):\(line) has no doc comment: \(declaration)")
      }
    }
  }

  @Test func membersOfPublicProtocolsAndEnumsCountAsPublic() {
    let text = #"""
      public protocol Shape {
        var area: Double { get }
        /// Documented.
        @discardableResult
        mutating func grow(
          by factor: Double
        ) -> Bool
      }
      /// Documented.
      @frozen public enum Side: CustomStringConvertible {
        /// Documented.
        case left, right
        indirect case both(Side, Side)
        public var description: String {
          switch self {
          case .left: "left"
          default: """
            public let text = 1
            """
          }
        }
        enum Hidden {
          case one
        }
      }
      enum Internal {
        case one
        @inlinable public static func two() {}
      }
      """#
    #expect(PublicDeclarations(text).undocumented.map(\.line) == [1, 2, 13, 28])
  }
}

/// The public declarations of a Swift file, found by the lines that they begin on and by the indentation
/// that `swift format` gives them.
private struct PublicDeclarations {
  /// Numbers, from 1, and texts of the lines that begin a declaration without a doc comment.
  private(set) var undocumented: [(line: Int, text: Substring)] = []

  private struct Container {
    var indentation: Int
    var isProtocol: Bool
  }
  /// The public enums and protocols around the present line.
  private var containers: [Container] = []

  init(_ text: String) {
    var isDocumented = false
    var isInText = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let code = line.drop { $0 == " " }
      let isTextEdge = code.matches(of: /"""/).count % 2 == 1
      if isInText || code.isEmpty {
        if isTextEdge { isInText.toggle() }
        isDocumented = false
        continue
      }
      isInText = isTextEdge
      if code.hasPrefix("///") {
        isDocumented = true
        continue
      }
      let declaration = Self.withoutAttributes(code)
      // Attributes and plain comments may stand between the doc comment and the declaration.
      if declaration.isEmpty || declaration.hasPrefix("//") { continue }
      let indentation = line.count - code.count
      if isPublic(declaration, indentation), !isDocumented, !Self.isConformance(declaration) {
        undocumented.append((index + 1, code))
      }
      enter(declaration, indentation)
      isDocumented = false
    }
  }

  private static func withoutAttributes(_ code: Substring) -> Substring {
    var rest = code
    while let attribute = rest.prefixMatch(of: /@\w+(\([^)]*\))?\s*/) {
      rest = rest[attribute.range.upperBound...]
    }
    return rest
  }

  private mutating func isPublic(_ declaration: Substring, _ indentation: Int) -> Bool {
    while let last = containers.last, indentation <= last.indentation, declaration != "{" {
      containers.removeLast()
    }
    if declaration.hasPrefix("public ") { return true }
    guard let container = containers.last, indentation == container.indentation + 2 else {
      return false
    }
    let member =
      container.isProtocol
      ? /(?:static |mutating )*(?:var|func|init|subscript|associatedtype)\b/
      : /(?:indirect )?case\b/
    return declaration.prefixMatch(of: member) != nil
  }

  private mutating func enter(_ declaration: Substring, _ indentation: Int) {
    guard let match = declaration.prefixMatch(of: /public (?:indirect )?(enum|protocol)\b/) else {
      return
    }
    containers.append(Container(indentation: indentation, isProtocol: match.1 == "protocol"))
  }

  /// The protocols of the standard library that require these members say what they mean.
  private static func isConformance(_ declaration: Substring) -> Bool {
    let members = /(var (description|debugDescription)\b|func hash\(into|static func (==|<))/
    return declaration.firstMatch(of: members) != nil
  }
}
