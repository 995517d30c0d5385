/// Which countries the users are in, and in which proportion.
public struct CountryMix: Sendable, Equatable {
  /// In the order given. The weights are above 0; their sum may be anything.
  let entries: [(country: Country, weight: Double)]

  /// The United States alone.
  public static let unitedStates = CountryMix(
    Country.all.filter { $0.code == "US" }.map { ($0, 1) })

  /// Reads `US=60,DE=20,BR=20`: ISO 3166-1 alpha-2 codes in any case with their weights, or codes
  /// alone (`US,DE,BR`), which count with their populations. `all` stands for every country.
  /// - Throws: `.badValue` naming `--countries`, the entry and what is allowed.
  public init(parsing text: String) throws(GeneratorError) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed)
    if parts.count == 1, parts[0].lowercased() == "all" {
      self.init(Country.all.map { ($0, $0.population) })
      return
    }
    var weighted: [(country: Country, weight: Double?)] = []
    for part in parts {
      let entry = try Self.entry(part)
      if weighted.contains(where: { $0.country.code == entry.country.code }) {
        throw Self.bad("\(entry.country.code) is there twice; name each country once")
      }
      if let first = weighted.first, (first.weight == nil) != (entry.weight == nil) {
        throw Self.bad(
          "\"\(part)\" has \(entry.weight == nil ? "no weight" : "a weight"), unlike the entries "
            + "before it; give every country a weight (US=60,DE=40) or none (US,DE)")
      }
      weighted.append(entry)
    }
    self.init(weighted.map { ($0.country, $0.weight ?? $0.country.population) })
  }

  private init(_ entries: [(country: Country, weight: Double)]) {
    self.entries = entries
  }

  /// True if the same countries, in the same order, have the same shares: `US`, `US=1` and `US=60` are equal.
  public static func == (a: CountryMix, b: CountryMix) -> Bool {
    let totals = (a.total, b.total)
    return a.entries.elementsEqual(b.entries) {
      $0.country.code == $1.country.code && $0.weight / totals.0 == $1.weight / totals.1
    }
  }

  private var total: Double { entries.reduce(0) { $0 + $1.weight } }

  private static func entry(
    _ text: String
  ) throws(GeneratorError) -> (country: Country, weight: Double?) {
    let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      .map(trimmed)
    guard !sides[0].isEmpty else {
      throw bad("\"\(text)\" names no country; give codes with commas between them, as US,DE")
    }
    guard let country = Country.named(sides[0]) else {
      if sides[0].lowercased() == "all" {
        throw bad("\"\(text)\": all stands alone, without a weight and without other countries")
      }
      throw bad(
        "there is no country \"\(sides[0])\"\(guess(sides[0])); known are \(known), and all")
    }
    guard sides.count == 2 else { return (country, nil) }
    // Double also reads "0x10", "inf" and "nan".
    let isDecimal = sides[1].utf8.allSatisfy { "0123456789.eE+-".utf8.contains($0) }
    guard isDecimal, let weight = Double(sides[1]), weight > 0, weight <= 1e9 else {
      throw bad(
        "\"\(text)\": the weight \"\(sides[1])\" must be a number above 0 and up to 1e9, as in "
          + "\(country.code)=20")
    }
    return (country, weight)
  }

  private static var known: String { Country.all.map(\.code).joined(separator: ", ") }

  /// The end of a message, ", did you mean DE?", for a country's name or its beginning, for a code in use
  /// elsewhere, and for a code whose letters are swapped; empty where there is no guess.
  private static func guess(_ text: String) -> String {
    let plain = text.lowercased()
    let byName = Country.all.first {
      plain.count > 2 && ($0.name.lowercased().hasPrefix(plain) || plain == $0.name.lowercased())
    }
    let swapped = Country.named(String(plain.reversed()))
    let code = otherCodes[plain] ?? byName?.code ?? swapped?.code
    return code.map { ", did you mean \($0)?" } ?? ""
  }

  /// Codes that people write instead of ISO 3166-1: those of languages, of licence plates, and common names.
  private static let otherCodes = [
    "uk": "GB", "en": "GB", "eng": "GB", "england": "GB", "britain": "GB", "scotland": "GB",
    "wales": "GB", "usa": "US", "america": "US", "ja": "JP", "jpn": "JP", "jap": "JP", "ko": "KR",
    "kor": "KR", "korea": "KR", "cs": "CZ", "da": "DK", "den": "DK", "el": "GR", "sv": "SE",
    "sw": "SE",
    "swe": "SE", "hi": "IN", "uae": "AE", "turkey": "TR", "tur": "TR", "holland": "NL", "deu": "DE",
    "ger": "DE", "deutschland": "DE", "sp": "ES", "esp": "ES", "vi": "VN",
    "czech republic": "CZ", "aut": "AT", "sui": "CH", "che": "CH", "irl": "IE", "por": "PT",
  ]

  private static func trimmed(_ text: Substring) -> String {
    var rest = text
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }

  private static func bad(_ what: String) -> GeneratorError {
    GeneratorError(.badValue, "--countries: \(what)")
  }
}
