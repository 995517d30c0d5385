/// Given and family names of one country or group of countries, in Latin letters. In each list the
/// common ones come first; `People.weight(ofRank:)` turns the place into a weight. No name has a
/// blank in it.
struct Names: Sendable {
  let women: [String]
  let men: [String]
  /// As a man bears it.
  let family: [String]
  /// As a woman bears it, parallel to `family`: in Czech, Greek, Polish and Ukrainian the ending may differ.
  let womensFamily: [String]

  init(women: [String], men: [String], family: [String]) {
    self.women = women
    self.men = men
    self.family = family
    womensFamily = family
  }

  /// - Parameters:
  ///   - women: names with white space between them, as in the other lists.
  ///   - family: `Novák/Nováková` where men and women bear it differently.
  init(women: String, men: String, family: String) {
    self.women = Self.words(women)
    self.men = Self.words(men)
    let forms = Self.words(family).map { $0.split(separator: "/").map(String.init) }
    self.family = forms.compactMap(\.first)
    womensFamily = forms.compactMap(\.last)
  }

  static let american = Names(women: People.women, men: People.men, family: People.family)

  private static func words(_ text: String) -> [String] {
    text.split(whereSeparator: \.isWhitespace).map(String.init)
  }
}
