/// One user of a streaming service, as a users table has it.
public struct Listener: Sendable, Equatable {
  public enum Gender: String, Sendable {
    case female = "F"
    case male = "M"
  }

  /// 0 to 2³¹.
  public var id: Int64
  /// Without a blank in it where the user table is to give the same names back.
  public var firstName: String
  /// May be empty.
  public var lastName: String
  public var gender: Gender?
  /// Years.
  public var age: Int?
  /// ISO 3166-1 alpha-2.
  public var country: String?
  /// When the account was made: milliseconds since 1970-01-01 UTC.
  public var createdAt: Int64?

  public init(
    id: Int64, firstName: String, lastName: String, gender: Gender? = nil, age: Int? = nil,
    country: String? = nil, createdAt: Int64? = nil
  ) {
    self.id = id
    self.firstName = firstName
    self.lastName = lastName
    self.gender = gender
    self.age = age
    self.country = country
    self.createdAt = createdAt
  }
}
