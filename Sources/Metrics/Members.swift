import EventModel

/// Dimension members that were met for the first time by this process, waiting to be inserted. The
/// same member may be handed out again by another process; inserting it twice does nothing.
public struct NewMembers: Sendable {
  public struct User: Sendable {
    public var key: Int64
    public var userId: Int64
    public var firstName, lastName, gender, level: String?
    /// Milliseconds since 1970.
    public var registration: Int64?
  }

  public struct Song: Sendable {
    public var key: Int64
    public var artist, title: String?
    /// Seconds.
    public var duration: Double?
  }

  public struct Location: Sendable {
    public var key: Int64
    public var country, state, city, zip: String?
    public var lon, lat: Double?
    public var region: String?
  }

  public struct DeviceMember: Sendable {
    public var key: Int64
    public var userAgent: String
    public var device: Device
  }

  public internal(set) var users: [User] = []
  public internal(set) var songs: [Song] = []
  public internal(set) var locations: [Location] = []
  public internal(set) var devices: [DeviceMember] = []

  public init() {}

  public var isEmpty: Bool {
    users.isEmpty && songs.isEmpty && locations.isEmpty && devices.isEmpty
  }
}

/// Knows which members this process has handed out, and makes the rows of those it has not. Knows a
/// limited number of them: beyond it, all of a dimension are forgotten, and handed out once more when
/// they come again.
public final class MemberDirectory {
  private enum Dimension: Int, CaseIterable {
    case user, song, location, device
  }

  /// Keys handed out, by dimension. Memory of our own, as in `RollupSet`.
  private let known: UnsafeMutablePointer<FlatTable>
  /// The least lon and lat of each location, by its value in the table.
  private var coordinates: [SIMD2<Double>] = []
  private var new = NewMembers()

  private let limit: Int

  /// - Parameter limit: members of a dimension that are known at most; 16 to 64 bytes each.
  public init(limit: Int = 1 << 20) {
    self.limit = limit
    known = .allocate(capacity: Dimension.allCases.count)
    for i in 0..<Dimension.allCases.count { (known + i).initialize(to: FlatTable()) }
  }

  deinit {
    for i in 0..<Dimension.allCases.count { known[i].free() }
    known.deallocate()
  }

  /// The members met since the last call.
  public func take() -> NewMembers {
    defer { new = NewMembers() }
    return new
  }

  @inline(__always)
  private func isNew(_ key: Int64, _ dimension: Dimension) -> Bool {
    guard key != 0, known[dimension.rawValue].insertNew(key) else { return false }
    if known[dimension.rawValue].count > limit {
      known[dimension.rawValue].removeAll()
      _ = known[dimension.rawValue].insertNew(key)
    }
    return true
  }

  @inline(__always)
  func meetUser(_ key: Int64, _ event: Event) {
    if isNew(key, .user) { addUser(key, event) }
  }

  @inline(__always)
  func meetSong(_ key: Int64, _ event: Event) {
    if isNew(key, .song) { addSong(key, event) }
  }

  /// A place has the least coordinates that any event gives it, so that it is the same in whatever order
  /// the events come; it is handed out again where it gets others.
  @inline(__always)
  func meetLocation(_ key: Int64, _ event: Event) {
    guard key != 0 else { return }
    let next = Int32(coordinates.count)
    let index = known[Dimension.location.rawValue].findOrInsert(0, key, new: next)
    let here = SIMD2(event.lon ?? .infinity, event.lat ?? .infinity)
    if index != next {
      let least = coordinates[Int(index)]
      guard here.x < least.x || here.x == least.x && here.y < least.y else { return }
      coordinates[Int(index)] = here
    } else if known[Dimension.location.rawValue].count > limit {
      known[Dimension.location.rawValue].removeAll()
      _ = known[Dimension.location.rawValue].findOrInsert(0, key, new: 0)
      coordinates = [here]
    } else {
      coordinates.append(here)
    }
    addLocation(key, event)
  }

  @inline(__always)
  func meetDevice(_ key: Int64, _ event: Event) {
    if isNew(key, .device) { addDevice(key, event) }
  }

  private func addUser(_ key: Int64, _ event: Event) {
    guard let userId = event.userId else { return }
    new.users.append(
      NewMembers.User(
        key: key, userId: userId, firstName: event.firstName.text, lastName: event.lastName.text,
        gender: event.gender.text, level: event.level.text, registration: event.registration))
  }

  private func addSong(_ key: Int64, _ event: Event) {
    new.songs.append(
      NewMembers.Song(
        key: key, artist: event.artist.text, title: event.song.text,
        duration: event.durationMs.map { Double($0) / 1000 }))
  }

  private func addLocation(_ key: Int64, _ event: Event) {
    let country = event.country.text ?? "US"
    new.locations.append(
      NewMembers.Location(
        key: key, country: country, state: event.state.text, city: event.city.text,
        zip: event.zip.text, lon: event.lon, lat: event.lat,
        region: country == "US" ? event.state.text.flatMap { censusRegions[$0] } : nil))
  }

  private func addDevice(_ key: Int64, _ event: Event) {
    new.devices.append(
      NewMembers.DeviceMember(
        key: key, userAgent: event.userAgent.string,
        device: Device(userAgent: event.userAgent.buffer)
      ))
  }
}

extension ByteSlice {
  fileprivate var text: String? { isEmpty ? nil : string }
}

/// The Census Bureau's regions of the United States, by postal abbreviation.
private let censusRegions: [String: String] = {
  let states = [
    "Northeast": "CT ME MA NH RI VT NJ NY PA",
    "Midwest": "IL IN MI OH WI IA KS MN MO NE ND SD",
    "South": "DE DC FL GA MD NC SC VA WV AL KY MS TN AR LA OK TX",
    "West": "AZ CO ID MT NV NM UT WY AK CA HI OR WA",
  ]
  var regions: [String: String] = [:]
  for (region, list) in states {
    for state in list.split(separator: " ") { regions[String(state)] = region }
  }
  return regions
}()
