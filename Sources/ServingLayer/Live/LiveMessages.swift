/// The messages of one version of the live stream: rendered, and compressed, once for all streams that have said the same before.
struct LiveMessages: Sendable {
  /// Clients may claim to have seen any version, so that no more are kept than this.
  private static let keptAtMost = 64

  /// What a message depends on beside the version.
  struct Place: Hashable, Sendable {
    /// The version after which the message tells of changes.
    var seen: Int
    /// Whether it is the first of its stream.
    var isFirst: Bool
  }

  /// The text of a message, which has a number of its own in this process.
  struct Text: Sendable {
    var number: Int
    var bytes: AnswerBytes
  }

  private struct PieceKey: Hashable {
    var text: Int
    /// The numbers of the texts that the piece refers to.
    var after: [Int]
  }

  private struct Piece {
    var bytes: AnswerBytes
    /// The texts that the next piece can refer to.
    var said: [Text]
  }

  private var texts: [Place: Text] = [:]
  private var pieces: [PieceKey: Piece] = [:]
  private var count = 0

  /// For the next version.
  mutating func clear() { (texts, pieces) = ([:], [:]) }

  mutating func text(at place: Place, _ make: () -> String) -> AnswerBytes {
    text(at: place, make).text.bytes
  }

  /// A piece of `EndlessGzip`; nil where there is no memory for it.
  ///
  /// - Parameter said: the texts that the stream has said last and that are kept; becomes those with this one.
  mutating func piece(
    at place: Place, after said: inout [Text], _ make: () -> String
  ) -> AnswerBytes? {
    let (text, isKept) = text(at: place, make)
    let key = PieceKey(text: text.number, after: said.map(\.number))
    if let known = pieces[key] {
      said = known.said
      return known.bytes
    }
    guard let bytes = EndlessGzip.piece(of: text.bytes, after: said.map(\.bytes)) else {
      return nil
    }
    // A text that one stream alone has said is not kept for what that stream says next.
    said = isKept ? Self.within(EndlessGzip.window, said + [text]) : []
    if pieces.count < Self.keptAtMost { pieces[key] = Piece(bytes: bytes, said: said) }
    return bytes
  }

  private mutating func text(
    at place: Place, _ make: () -> String
  ) -> (text: Text, isKept: Bool) {
    if let known = texts[place] { return (known, true) }
    count += 1
    let text = Text(number: count, bytes: AnswerBytes(make()))
    guard texts.count < Self.keptAtMost else { return (text, false) }
    texts[place] = text
    return (text, true)
  }

  /// The last texts, as many as reach into so many bytes before the end.
  private static func within(_ size: Int, _ texts: [Text]) -> [Text] {
    var left = size
    let start = texts.lastIndex { text in
      left -= text.bytes.count
      return left <= 0
    }
    return Array(texts[(start ?? 0)...])
  }
}
