import EventModel

/// Dimension members that were met for the first time by this process, waiting to be inserted. Another
/// process may hand out the same member again; inserting a member twice does nothing.
///
/// Keys are content-addressed (docs/keys.md), and nil stands for what no event said.
public struct NewMembers: Sendable {
  /// A row of `dim_user`: one state of a user.
  public struct User: Sendable {
    /// Of all attributes; never 0.
    public var key: Int64
    /// The user's number, as the events give it.
    public var userId: Int64
    /// As the events give them; `level` is `free` or `paid`.
    public var firstName, lastName, gender, level: String?
    /// When the user registered. Milliseconds since 1970.
    public var registration: Int64?
  }

  /// A row of `dim_song`.
  public struct Song: Sendable {
    /// Of artist, title and length, or of the track id where an event has that alone; never 0.
    public var key: Int64
    /// As the events give them; at least one of the three is there.
    public var artist, title, trackId: String?
    /// Seconds, in whole milliseconds.
    public var duration: Double?
  }

  /// A row of `user_tag`: a user in a group of a test.
  public struct Tag: Sendable {
    /// The user's number, as the events give it.
    public var userId: Int64
    /// The group, as the events give it.
    public var tag: String
  }

  /// A row of `dim_location`.
  public struct Location: Sendable {
    /// Of country, state, city and zip; never 0.
    public var key: Int64
    /// As the events give them; `country` is `US` where an event does not say.
    public var country, state, city, zip: String?
    /// Degrees: the place's least coordinates among the events met so far.
    public var lon, lat: Double?
    /// The Census Bureau's region; nil outside the United States.
    public var region: String?
  }

  /// A row of `dim_device`.
  public struct DeviceMember: Sendable {
    /// Of the user agent; never 0.
    public var key: Int64
    /// As the events give it.
    public var userAgent: String
    /// What the user agent says of the device.
    public var device: Device
  }

  /// In the order in which they were met.
  public internal(set) var users: [User] = []
  /// In the order in which they were met; a song comes again where it gets another track id.
  public internal(set) var songs: [Song] = []
  /// In the order in which they were met; a place comes again where it gets lesser coordinates.
  public internal(set) var locations: [Location] = []
  /// In the order in which they were met.
  public internal(set) var devices: [DeviceMember] = []
  /// In the order in which they were met.
  public internal(set) var tags: [Tag] = []

  /// No members.
  public init() {}

  /// True where there is no member of any dimension.
  public var isEmpty: Bool {
    users.isEmpty && songs.isEmpty && locations.isEmpty && devices.isEmpty && tags.isEmpty
  }

  /// Adds members that another directory has met; those that both have met are there twice then.
  public mutating func append(_ others: NewMembers) {
    users += others.users
    songs += others.songs
    locations += others.locations
    devices += others.devices
    tags += others.tags
  }
}

/// Knows which members this process has handed out, and makes the rows of those that it has not. Beyond
/// a limit it forgets all members of that dimension, and hands each out once more when it comes again.
public final class MemberDirectory {
  private enum Dimension: Int, CaseIterable {
    case user, song, track, device, tag
  }

  /// Keys handed out, by dimension.
  private let known = FixedArray(count: Dimension.allCases.count) { KeySet() }
  /// Places handed out.
  private var places = FlatTable()
  /// The least lon and lat of each place, by its value in the table.
  private var coordinates: [SIMD2<Double>] = []
  private var new = NewMembers()

  private let limit: Int

  /// - Parameter limit: members of a dimension that are known at most; 10 to 15 bytes each, and of places 48 to 96.
  public init(limit: Int = 1 << 20) { self.limit = limit }

  /// The members met for the first time since the last call.
  public func take() -> NewMembers {
    defer { new = NewMembers() }
    return new
  }

  @inline(__always)
  private func isNew(_ key: Int64, _ dimension: Dimension) -> Bool {
    guard key != 0, known[dimension.rawValue].insert(key) else { return false }
    if known[dimension.rawValue].count > limit {
      known[dimension.rawValue].removeAll()
      _ = known[dimension.rawValue].insert(key)
    }
    return true
  }

  @inline(__always)
  func meetUser(_ key: Int64, _ event: Event) {
    if isNew(key, .user) { addUser(key, event) }
  }

  /// - Parameter track: of the song under the event's track id; 0 where the event has none.
  @inline(__always)
  func meetSong(_ key: Int64, track: Int64, _ event: Event) {
    let isNewTrack = isNew(track, .track)
    if isNew(key, .song) || isNewTrack { addSong(key, event) }
  }

  /// - Parameter key: of the user in the group.
  func meetTag(_ key: Int64, _ userId: Int64, _ event: Event) {
    if isNew(key, .tag) {
      new.tags.append(NewMembers.Tag(userId: userId, tag: event.tag.string))
    }
  }

  /// A place has the least coordinates that any event gives it, so that its row is the same in whatever
  /// order the events come; a place whose coordinates change is handed out again.
  @inline(__always)
  func meetLocation(_ key: Int64, _ event: Event) {
    guard key != 0 else { return }
    let next = Int32(coordinates.count)
    let index = places.findOrInsert(0, key, new: next)
    let here = SIMD2(event.lon ?? .infinity, event.lat ?? .infinity)
    if index != next {
      let least = coordinates[Int(index)]
      guard here.x < least.x || here.x == least.x && here.y < least.y else { return }
      coordinates[Int(index)] = here
    } else if places.count > limit {
      places.removeAll()
      _ = places.findOrInsert(0, key, new: 0)
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
    // The length is not among what the key of a song without names is of.
    let hasName = !event.artist.isEmpty || !event.song.isEmpty
    new.songs.append(
      NewMembers.Song(
        key: key, artist: event.artist.text, title: event.song.text, trackId: event.trackId.text,
        duration: hasName ? event.durationMs.map { Double($0) / 1000 } : nil))
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
