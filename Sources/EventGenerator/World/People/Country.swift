/// A country that users are in.
struct Country: Sendable {
  /// ISO 3166-1 alpha-2, upper case.
  var code: String
  /// In English.
  var name: String
  /// Millions, about 2020.
  var population: Double
  var names: Names
  /// Never empty.
  var cities: [City]

  private init(_ code: String, _ name: String, _ population: Double, _ names: Names) {
    self.code = code
    self.name = name
    self.population = population
    self.names = names
    cities = code == "US" ? City.unitedStates : CityTables.abroad[code] ?? []
  }

  /// - Parameter code: in any case.
  static func named(_ code: String) -> Country? {
    byCode[code.uppercased()].map { all[$0] }
  }

  private static let byCode = Dictionary(
    uniqueKeysWithValues: all.enumerated().map { ($1.code, $0) })

  /// By code. Populations are the United Nations' of 2020, rounded.
  static let all: [Country] = [
    Country("AE", "United Arab Emirates", 9.3, .arabic),
    Country("AR", "Argentina", 45.0, .latinAmerican),
    Country("AT", "Austria", 8.9, .german),
    Country("AU", "Australia", 25.7, .australasian),
    Country("BE", "Belgium", 11.6, .belgian),
    Country("BR", "Brazil", 213.2, .brazilian),
    Country("CA", "Canada", 38.0, .canadian),
    Country("CH", "Switzerland", 8.6, .swiss),
    Country("CL", "Chile", 19.3, .latinAmerican),
    Country("CO", "Colombia", 50.9, .latinAmerican),
    Country("CZ", "Czechia", 10.7, .czech),
    Country("DE", "Germany", 83.3, .german),
    Country("DK", "Denmark", 5.8, .danish),
    Country("EG", "Egypt", 107.5, .arabic),
    Country("ES", "Spain", 47.4, .spanish),
    Country("FI", "Finland", 5.5, .finnish),
    Country("FR", "France", 67.6, .french),
    Country("GB", "United Kingdom", 67.1, .british),
    Country("GH", "Ghana", 32.2, .ghanaian),
    Country("GR", "Greece", 10.7, .greek),
    Country("HU", "Hungary", 9.8, .hungarian),
    Country("ID", "Indonesia", 271.9, .indonesian),
    Country("IE", "Ireland", 5.0, .irish),
    Country("IL", "Israel", 9.2, .hebrew),
    Country("IN", "India", 1396.4, .indian),
    Country("IT", "Italy", 59.4, .italian),
    Country("JP", "Japan", 126.3, .japanese),
    Country("KE", "Kenya", 52.0, .kenyan),
    Country("KR", "South Korea", 51.8, .korean),
    Country("MA", "Morocco", 36.7, .moroccan),
    Country("MX", "Mexico", 126.0, .latinAmerican),
    Country("MY", "Malaysia", 33.2, .malaysian),
    Country("NG", "Nigeria", 208.3, .nigerian),
    Country("NL", "Netherlands", 17.4, .dutch),
    Country("NO", "Norway", 5.4, .norwegian),
    Country("NZ", "New Zealand", 5.1, .australasian),
    Country("PE", "Peru", 33.3, .latinAmerican),
    Country("PH", "Philippines", 112.2, .filipino),
    Country("PL", "Poland", 37.9, .polish),
    Country("PT", "Portugal", 10.3, .portuguese),
    Country("RO", "Romania", 19.3, .romanian),
    Country("SA", "Saudi Arabia", 36.0, .arabic),
    Country("SE", "Sweden", 10.4, .swedish),
    Country("SG", "Singapore", 5.7, .singaporean),
    Country("TH", "Thailand", 71.5, .thai),
    Country("TR", "Türkiye", 84.1, .turkish),
    Country("UA", "Ukraine", 43.9, .ukrainian),
    Country("US", "United States", 331.5, .american),
    Country("VN", "Vietnam", 96.6, .vietnamese),
    Country("ZA", "South Africa", 58.8, .southAfrican),
  ]
}
