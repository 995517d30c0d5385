/// The address of the rows that a limit left out.
enum NextPage {
  /// - Parameters:
  ///   - answer: one whose `isTruncated` is true.
  ///   - parameters: those of its request. Times are taken from the answer, as relative ones have moved on when the next page is asked
  ///     for, and the token stays out of the address.
  static func address(
    after answer: QueryAnswer, _ parameters: [(name: String, value: String)]
  ) -> String {
    let query = answer.plan.query
    let replaced: [QueryParameter] = [.from, .to, .offset]
    let kept = parameters.filter { name, _ in
      name != AccessControl.parameter && !replaced.contains { $0.name == name }
    }
    let pairs =
      kept + [
        (QueryParameter.from.name, query.from.iso8601), (QueryParameter.to.name, query.to.iso8601),
        (QueryParameter.offset.name, "\(query.offset + answer.rows.count)"),
      ]
    return Route.query.path + "?"
      + pairs.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
  }

  /// RFC 3986: all but the unreserved characters are percent-encoded.
  private static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        String(UnicodeScalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }
}
