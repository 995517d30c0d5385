import EventSources
import Foundation
import Metrics
import Testing

@testable import EventGenerator

@Suite struct WorldTests {
  // MARK: Countries

  @Test func countriesAreKnownToTheImporterAndEachThereOnce() {
    let codes = Country.all.map(\.code)
    #expect(Set(codes).count == codes.count)
    #expect(codes == codes.sorted())
    #expect(codes.count >= 45)
    for country in Country.all {
      #expect(Countries.code(of: country.code) == country.code)
      #expect(Countries.code(of: country.name) == country.code, "\(country.name)")
      #expect(Country.named(country.code.lowercased())?.code == country.code)
      #expect((4...1500).contains(country.population), "\(country.code)")
    }
    #expect(Country.named("XX") == nil && Country.named("") == nil)
  }

  /// The bounds of countries, including islands far away: west, east, south, north.
  private static let boxes: [String: (Double, Double, Double, Double)] = [
    "AE": (51.5, 56.5, 22.6, 26.1), "AR": (-73.6, -53.6, -55.1, -21.7),
    "AT": (9.5, 17.2, 46.3, 49.1), "AU": (112.9, 153.7, -43.7, -10.0),
    "BE": (2.5, 6.5, 49.4, 51.6), "BR": (-74.0, -34.7, -33.8, 5.3),
    "CA": (-141.1, -52.6, 41.6, 83.2), "CH": (5.9, 10.5, 45.8, 47.9),
    "CL": (-75.7, -66.4, -56.0, -17.5), "CO": (-79.1, -66.8, -4.3, 12.6),
    "CZ": (12.0, 18.9, 48.5, 51.1), "DE": (5.8, 15.1, 47.2, 55.1),
    "DK": (8.0, 15.2, 54.5, 57.8), "EG": (24.6, 37.0, 21.9, 31.7),
    "ES": (-18.2, 4.4, 27.6, 43.9), "FI": (20.5, 31.6, 59.7, 70.1),
    "FR": (-5.2, 9.6, 41.3, 51.1), "GB": (-8.7, 1.8, 49.8, 60.9),
    "GH": (-3.3, 1.3, 4.7, 11.2), "GR": (19.3, 28.3, 34.8, 41.8),
    "HU": (16.1, 22.9, 45.7, 48.6), "ID": (95.0, 141.1, -11.1, 6.1),
    "IE": (-10.7, -5.9, 51.4, 55.5), "IL": (34.2, 35.9, 29.4, 33.4),
    "IN": (68.1, 97.5, 6.7, 35.6), "IT": (6.6, 18.6, 35.4, 47.1),
    "JP": (122.9, 146.0, 24.0, 45.6), "KE": (33.9, 41.9, -4.8, 5.1),
    "KR": (124.6, 131.9, 33.1, 38.7), "MA": (-13.2, -1.0, 27.6, 36.0),
    "MX": (-118.4, -86.7, 14.5, 32.8), "MY": (99.6, 119.3, 0.8, 7.4),
    "NG": (2.6, 14.7, 4.2, 13.9), "NL": (3.3, 7.3, 50.7, 53.6),
    "NO": (4.5, 31.2, 57.9, 71.2), "NZ": (166.4, 178.6, -47.3, -34.3),
    "PE": (-81.4, -68.6, -18.4, -0.0), "PH": (116.9, 126.7, 4.6, 21.2),
    "PL": (14.1, 24.2, 49.0, 54.9), "PT": (-31.3, -6.1, 32.3, 42.2),
    "RO": (20.2, 29.8, 43.6, 48.3), "SA": (34.5, 55.7, 16.3, 32.2),
    "SE": (10.9, 24.2, 55.3, 69.1), "SG": (103.6, 104.1, 1.2, 1.5),
    "TH": (97.3, 105.7, 5.6, 20.5), "TR": (25.6, 44.9, 35.8, 42.2),
    "UA": (22.1, 40.3, 44.3, 52.4), "US": (-171.8, -66.9, 18.9, 71.4),
    "VN": (102.1, 109.5, 8.5, 23.4), "ZA": (16.4, 32.9, -34.9, -22.1),
  ]

  @Test func everyPlaceLiesInItsCountry() throws {
    for country in Country.all {
      let (west, east, south, north) = try #require(Self.boxes[country.code], "\(country.code)")
      #expect((6...200).contains(country.cities.count), "\(country.code)")
      for city in country.cities {
        let isInside = (west...east).contains(city.lon) && (south...north).contains(city.lat)
        #expect(isInside, "\(country.code) \(city)")
        #expect((1...16_000).contains(city.weight), "\(city)")
        #expect(!city.name.isEmpty && !city.state.isEmpty, "\(city)")
        #expect([city.name, city.state, city.zip].allSatisfy(Self.isTrimmed), "\(city)")
      }
      let names = country.cities.map { "\($0.name), \($0.state)" }
      #expect(Set(names).count == names.count, "\(country.code)")
      let spots = country.cities.map { "\($0.lat),\($0.lon)" }
      #expect(Set(spots).count == spots.count, "\(country.code)")
      let people = country.cities.reduce(0) { $0 + $1.weight } / 1000
      #expect(people < country.population, "\(country.code)")
    }
  }

  /// The forms of postal codes: 9 stands for a digit, A for a letter, any other character for itself.
  private static let postalForms: [String: [String]] = [
    "AR": ["A9999"], "AT": ["9999"], "AU": ["9999"], "BE": ["9999"], "BR": ["99999-999"],
    "CA": ["A9A 9A9"], "CH": ["9999"], "CL": ["9999999"], "CO": ["999999"], "CZ": ["999 99"],
    "DE": ["99999"], "DK": ["9999"], "EG": ["99999"], "ES": ["99999"], "FI": ["99999"],
    "FR": ["99999"], "GH": ["AA999"], "GR": ["999 99"], "HU": ["9999"], "ID": ["99999"],
    "GB": ["A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA", "AA9A 9AA", "A9A 9AA"],
    "IE": ["A99"], "IL": ["9999999"], "IN": ["999999"], "IT": ["99999"], "JP": ["999-9999"],
    "KE": ["99999"], "KR": ["99999"], "MA": ["99999"], "MX": ["99999"], "MY": ["99999"],
    "NG": ["999999"], "NL": ["9999 AA"], "NO": ["9999"], "NZ": ["9999"], "PE": ["99999"],
    "PH": ["9999"], "PL": ["99-999"], "PT": ["9999-999"], "RO": ["999999"], "SA": ["99999"],
    "SE": ["999 99"], "SG": ["999999"], "TH": ["99999"], "TR": ["99999"], "UA": ["99999"],
    "US": ["99999"], "VN": ["999999"], "ZA": ["9999"], "AE": [""],
  ]

  @Test func postalCodesHaveTheFormOfTheirCountry() throws {
    for country in Country.all {
      let forms = try #require(Self.postalForms[country.code], "\(country.code)")
      for city in country.cities {
        let form = String(city.zip.map { $0.isNumber ? "9" : $0.isLetter ? "A" : $0 })
        #expect(forms.contains(form), "\(country.code) \(city.name) \(city.zip)")
      }
    }
  }

  // MARK: Names

  @Test func namesAreEnoughAndHaveNoBlanks() {
    for country in Country.all {
      let names = country.names
      #expect(names.women.count >= 25, "\(country.code) \(names.women.count)")
      #expect(names.men.count >= 25, "\(country.code) \(names.men.count)")
      #expect(names.family.count >= 30, "\(country.code) \(names.family.count)")
      #expect(names.womensFamily.count == names.family.count)
      for list in [names.women, names.men, names.family] {
        let twice = Dictionary(grouping: list) { $0 }.filter { $0.value.count > 1 }.keys
        #expect(twice.isEmpty, "\(country.code) \(twice)")
      }
      for name in names.women + names.men + names.family + names.womensFamily {
        let isLatin = name.unicodeScalars.allSatisfy {
          $0.value < 0x250 && ($0.properties.isAlphabetic || $0 == "-" || $0 == "'")
            || (0x1E00...0x1EFF).contains($0.value)
        }
        #expect(isLatin && name.first?.isUppercase == true, "\(country.code) \(name)")
        // Letters are in their composed form, because equal names would otherwise have unequal bytes.
        #expect(name == name.precomposedStringWithCanonicalMapping)
        #expect(Array(name.utf8) == Array(name.precomposedStringWithCanonicalMapping.utf8))
      }
    }
  }

  @Test func aFamilyNameMayEndOtherwiseForWomen() throws {
    let czech = Names.czech
    let index = try #require(czech.family.firstIndex(of: "Dvořák"))
    #expect(czech.womensFamily[index] == "Dvořáková")
    #expect(Names.german.womensFamily == Names.german.family)
    #expect(Names.american.women == People.women)
  }

  // MARK: --countries

  private func mix(_ text: String) throws -> [String: Double] {
    try Dictionary(
      uniqueKeysWithValues: CountryMix(parsing: text).entries.map { ($0.country.code, $0.weight) })
  }

  @Test func aMixHasWeightsOrElsePopulations() throws {
    #expect(try mix("US=60,de=20.5, br = 1e1") == ["US": 60, "DE": 20.5, "BR": 10])
    #expect(try mix("us,De") == ["US": 331.5, "DE": 83.3])
    #expect(try mix("JP=2") == ["JP": 2])
    #expect(try mix("ALL").count == Country.all.count)
    #expect(try mix("all")["IN"] == Country.named("IN")?.population)
    #expect(CountryMix.unitedStates.entries.map(\.country.code) == ["US"])
    #expect(try CountryMix(parsing: "US,DE") != CountryMix(parsing: "DE,US"))
    #expect(try CountryMix(parsing: "US=1,DE=2") == CountryMix(parsing: "us=1.0, de=2"))
    #expect(try CountryMix(parsing: "US=1,DE=2") != CountryMix(parsing: "US=1,DE=3"))
    #expect(try CountryMix(parsing: "US=1,DE=2") == CountryMix(parsing: "US=25,DE=50"))
    #expect(try CountryMix(parsing: "us") == .unitedStates)
    #expect(try CountryMix(parsing: "US=60") == .unitedStates)
    #expect(try CountryMix(parsing: "CA") != .unitedStates)
  }

  @Test(arguments: [
    ("XX", ["\"XX\"", "known are AE, AR", "ZA"]), ("UK=3", ["\"UK\"", "did you mean GB?"]),
    ("Germany", ["\"Germany\"", "did you mean DE?"]), ("ED", ["did you mean DE?"]),
    ("US=1,us=2", ["US is there twice"]), ("US,DE=2", ["\"DE=2\" has a weight", "unlike"]),
    ("US=2,DE", ["\"DE\" has no weight"]), ("US=0", ["\"US=0\"", "above 0"]),
    ("US=-1", ["above 0"]), ("US=nan", ["above 0"]), ("US=inf", ["above 0"]),
    ("US=0x10", ["above 0"]), ("US=", ["above 0"]), ("US=1=2", ["above 0"]),
    ("", ["names no country"]), ("US,,DE", ["names no country"]), ("=3", ["names no country"]),
    ("US,all", ["all stands alone"]), ("all=2", ["all stands alone"]),
  ])
  func aBadMixIsNamed(text: String, parts: [String]) throws {
    let error = try #require(throws: GeneratorError.self) { try CountryMix(parsing: text) }
    #expect(error.code == .badValue)
    #expect(!error.message.contains("\n"))
    for part in ["--countries"] + parts {
      #expect(error.message.contains(part), "\(error.message)")
    }
  }

  // MARK: Devices

  @Test func everyUserAgentIsOfAKnownDevice() {
    var types = Set<String>()
    for agent in UserAgents.all {
      let device = Device(userAgent: agent.text)
      #expect(["desktop", "mobile", "tablet"].contains(device.deviceType), "\(agent.text)")
      #expect(device.os != Device.unknown.os, "\(agent.text)")
      #expect(device.browser != Device.unknown.browser, "\(agent.text)")
      // The browser was recognised by a rule, and is not just the first word of the user agent.
      #expect(device.browser != "Mozilla", "\(agent.text)")
      types.insert(device.deviceType)
    }
    #expect(types.count == 3)
    #expect(UserAgents.all.count >= 30)
  }

  private static func isTrimmed(_ text: String) -> Bool {
    text == text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
