import EventGenerator
import EventModel

/// A table of users, read into listeners.
struct UserTable {
  /// User ids that the generator can give out.
  private static let userIDs: ClosedRange<Int64> = 0...1 << 31

  private var rows: TableRows
  private let id, fullName, firstName, lastName, gender, age, country, createdAt: TableRows.Column
  private var ids = Set<Int64>()

  /// Opens the file and reads its header.
  init(path: String) throws(SourceError) {
    rows = try TableRows(path: path, of: .users, required: [(.userID, "user_id")])
    id = rows.column(.userID)
    fullName = rows.column(.userName)
    firstName = rows.column(.firstName)
    lastName = rows.column(.lastName)
    gender = rows.column(.gender)
    age = rows.column(.number("age"))
    country = rows.column(.country)
    createdAt = rows.column(.registration)
  }

  /// - Throws: `.badContent` where no row can be used.
  consuming func read() throws(SourceError) -> (listeners: [Listener], warning: String?) {
    var listeners: [Listener] = []
    while try rows.advance() {
      if let listener = listener() { listeners.append(listener) }
    }
    guard !listeners.isEmpty else { throw rows.nothingUsable }
    return (listeners, rows.warning)
  }

  private mutating func listener() -> Listener? {
    guard let id = rows.integer(id) else {
      rows.leaveOut("without a user_id that is a whole number")
      return nil
    }
    guard Self.userIDs.contains(id) else {
      rows.leaveOut("with a user_id outside 0 to \(Self.userIDs.upperBound)")
      return nil
    }
    guard ids.insert(id).inserted else {
      rows.leaveOut("with the user_id of an earlier one")
      return nil
    }
    let words = rows.text(fullName).split(separator: " ")
    let first = rows.text(firstName)
    let last = rows.text(lastName)
    return Listener(
      id: id,
      firstName: first.isEmpty ? words.first.map(String.init) ?? "" : first,
      lastName: !last.isEmpty || words.isEmpty
        ? last : words.dropFirst().joined(separator: " "),
      gender: Self.gender(CellText.lowercased(rows.cell(gender))),
      age: rows.integer(
        age, in: 0...150, orNote: "with a user_age that is not a whole number up to 150"),
      country: knownCountry(), createdAt: registration())
  }

  private static func gender(_ text: String) -> Listener.Gender? {
    switch text {
    case "f", "female", "woman", "w": .female
    case "m", "male", "man": .male
    default: nil
    }
  }

  private mutating func knownCountry() -> String? {
    let name = rows.text(country)
    if name.isEmpty { return nil }
    let code = Countries.code(of: name)
    if code == nil { rows.note("with a user_country that is not known") }
    return code
  }

  private mutating func registration() -> Int64? {
    let cell = rows.cell(createdAt)
    if CellText.isNull(cell) { return nil }
    guard let time = CellText.time(cell), EventDecoder.plausibleRegistrations.contains(time) else {
      rows.note("with a created_at that is not a time as 2024-06-25 17:43:13")
      return nil
    }
    return time
  }
}
