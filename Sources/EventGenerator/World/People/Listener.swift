/// One user of a streaming service, as a users table has it.
public struct Listener: Sendable, Equatable {
  /// The raw values are those of an event's `gender`.
  public enum Gender: String, Sendable {
    /// Gets a name from the women's list.
    case female = "F"
    /// Gets a name from the men's list.
    case male = "M"
  }

  /// The user's id in events, 0 to 2³¹.
  public var id: Int64
  /// May have a blank in it; but a table of users keeps first and last name in one column, and when it is read
  /// back, the name is divided at the first blank.
  public var firstName: String
  /// May be empty.
  public var lastName: String
  /// Nil where it is not known.
  public var gender: Gender?
  /// Years; nil where it is not known.
  public var age: Int?
  /// ISO 3166-1 alpha-2; nil where it is not known.
  public var country: String?
  /// When the account was made, milliseconds since 1970-01-01 UTC; nil where it is not known.
  public var createdAt: Int64?

  /// A user with the given fields; those left out are not known.
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
