import EventGenerator

struct CatalogueFolder {
  static func read(_ d: String) throws -> (
    catalogue: Catalogue, listeners: [Listener], warnings: [String]
  ) { throw UsageError("stub") }
}
enum CatalogueTables {
  static func writeTracks(_ c: Catalogue, to: String) throws {}
  static func writeUsers(_ c: [Listener], to: String) throws {}
}
extension CountryMix { init(parsing: String) throws { self = .unitedStates } }
