public struct Names: Sendable {
  var women: [String]
  var men: [String]
  var family: [String]
}
public struct Country: Sendable {
  var code: String
  var population: Double
  var places: [Place]
  var names: Names
  static let us = Country(
    code: "US", population: 331, places: Place.unitedStates,
    names: Names(women: People.women, men: People.men, family: People.family))
  static func named(_ code: String) -> Country? { code == "US" ? us : nil }
}
public struct CountryMix: Sendable, Equatable {
  var codes: [String]
  public static let unitedStates = CountryMix(codes: ["US"])
  var entries: [(country: Country, weight: Double)] { [(Country.us, 1)] }
}
public enum Gender: Sendable { case female, male }
public struct Listener: Sendable, Equatable {
  public var id: Int64
  public var firstName: String
  public var lastName: String
  public var gender: Gender?
  public var age: Int?
  public var country: String?
  public var createdAt: Int64?
}
