import Foundation

/// What a catalogue knows of a user (docs/events.md); nil where it does not say.
public struct UserRecord: Codable, Equatable, Sendable {
  /// The record's key, as events have it.
  public var userId: Int64
  /// As events have them.
  public var firstName, lastName, gender: String?
  /// Years, 0 to 150.
  public var age: Int?
  /// Where the user is at home: ISO 3166-1 alpha-2, or a name.
  public var country: String?
  /// When the account was made, milliseconds since 1970-01-01 UTC.
  public var registration: Int64?

  /// A user of whom no more is known.
  public init(userId: Int64) { self.userId = userId }

  /// - Throws: `DecodingFailure` where a field is missing, of a wrong type or beyond its range.
  public init(_ bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    let fields = try CatalogueFields(bytes)
    guard
      let userId = try fields.integer("userId", "user_id", in: EventDecoder.userIds)
    else { throw fields.missing("userId", "an integer") }
    self.init(userId: userId)
    let longest = EventDecoder.longestWord
    firstName = try fields.text("firstName", "first_name", atMost: longest)
    lastName = try fields.text("lastName", "last_name", atMost: longest)
    gender = try fields.text("gender", atMost: longest)
    age = try fields.integer("age", "userAge", "user_age", in: 0...150).map(Int.init)
    country = try fields.text("country", "userCountry", "user_country", atMost: longest)
    let times = EventDecoder.plausibleRegistrations
    registration = try fields.integer(
      "registration", in: times.lowerBound...times.upperBound - 1)
  }

  /// The record as one line of JSON.
  public var json: [UInt8] { CatalogueJSON.line(self) }
}

/// One record as a line, its fields in the order of their names.
enum CatalogueJSON {
  static func line(_ record: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Only numbers without a value could fail, and those are left out where records are made.
    return (try? encoder.encode(record)).map(Array.init) ?? []
  }
}
