import EventModel

/// Content-addressed keys: the first 64 bits of MurmurHash3 (x64, 128 bits, seed 0) over the natural
/// attributes, each written as its length (4 bytes, little endian; all ones where absent) and its
/// bytes, so that no two lists of attributes are written alike. The same in every process, forever.
/// 0 is kept for the unknown member.
///
/// Not a defence against somebody who makes collisions on purpose; docs/keys.md has the odds.
struct KeyHasher: ~Copyable {
  private var scratch: UnsafeMutableRawPointer
  private var capacity: Int
  private var count = 0

  init() {
    capacity = 4096
    scratch = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { scratch.deallocate() }

  @inline(__always)
  mutating func begin() { count = 0 }

  @inline(__always)
  private mutating func reserve(_ bytes: Int) {
    if count + bytes > capacity { grow(bytes) }
  }

  private mutating func grow(_ bytes: Int) {
    let larger = max(capacity * 2, count + bytes)
    let next = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    next.copyMemory(from: scratch, byteCount: count)
    scratch.deallocate()
    scratch = next
    capacity = larger
  }

  /// An empty slice is an absent attribute.
  @inline(__always)
  mutating func add(_ slice: ByteSlice) {
    reserve(slice.count + 4)
    if slice.isEmpty {
      scratch.storeBytes(of: UInt32.max, toByteOffset: count, as: UInt32.self)
    } else {
      scratch.storeBytes(of: UInt32(slice.count).littleEndian, toByteOffset: count, as: UInt32.self)
      (scratch + count + 4).copyMemory(from: slice.start!, byteCount: slice.count)
    }
    count += 4 + slice.count
  }

  @inline(__always)
  mutating func add(_ value: Int64?) {
    reserve(12)
    if let value {
      scratch.storeBytes(of: UInt32(8).littleEndian, toByteOffset: count, as: UInt32.self)
      scratch.storeBytes(of: value.littleEndian, toByteOffset: count + 4, as: Int64.self)
      count += 12
    } else {
      scratch.storeBytes(of: UInt32.max, toByteOffset: count, as: UInt32.self)
      count += 4
    }
  }

  /// The key of what was added since `begin`; never 0.
  @inline(__always)
  func key() -> Int64 {
    let hash = Murmur3.hash64(UnsafeRawBufferPointer(start: scratch, count: count))
    return hash == 0 ? 1 : Int64(bitPattern: hash)
  }
}

extension KeyHasher {
  /// The user with all attributes that the event gives; 0 for guests.
  mutating func user(_ event: Event) -> Int64 {
    guard let userId = event.userId else { return 0 }
    begin()
    add(userId)
    add(event.firstName)
    add(event.lastName)
    add(event.gender)
    add(event.level)
    add(event.registration)
    return key()
  }

  /// The song that the event names, by artist, title and length; 0 where it names none. A song of which an
  /// event has the id alone has a key of its own: four attributes are never written as three are.
  mutating func song(_ event: Event) -> Int64 {
    if event.artist.isEmpty && event.song.isEmpty {
      if event.trackId.isEmpty { return 0 }
      begin()
      add(ByteSlice.empty)
      add(ByteSlice.empty)
      add(ByteSlice.empty)
      add(event.trackId)
      return key()
    }
    begin()
    add(event.artist)
    add(event.song)
    add(event.durationMs)
    return key()
  }

  /// The place; 0 where the event names none.
  mutating func location(_ event: Event) -> Int64 {
    if event.state.isEmpty && event.city.isEmpty && event.zip.isEmpty && event.country.isEmpty {
      return 0
    }
    begin()
    addCountry(event)
    add(event.state)
    add(event.city)
    add(event.zip)
    return key()
  }

  private mutating func addCountry(_ event: Event) {
    if event.country.isEmpty {
      let us: StaticString = "US"
      add(ByteSlice(start: us.utf8Start, count: us.utf8CodeUnitCount))
    } else {
      add(event.country)
    }
  }

  /// The user agent; 0 where there is none.
  mutating func device(_ event: Event) -> Int64 {
    if event.userAgent.isEmpty { return 0 }
    begin()
    add(event.userAgent)
    return key()
  }

  /// Over the texts of the row, where an absent attribute reads `unknown`: the table has one row for
  /// a pair of texts, so there must be one key for it. The gender is that of a user, so that facts, which have a
  /// gender through their user, count the same.
  mutating func audience(_ event: Event) -> Int64 {
    begin()
    add(Self.gender(event))
    add(event.level.isEmpty ? Self.unknown : event.level)
    return key()
  }

  /// The gender that an event counts under in `minute_audience`.
  static func gender(_ event: Event) -> ByteSlice {
    event.userId == nil || event.gender.isEmpty ? unknown : event.gender
  }

  /// What an absent gender or level reads in `minute_audience`.
  static var unknown: ByteSlice {
    let text: StaticString = "unknown"
    return ByteSlice(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// Over the values of the row, as for `audience`: the table says 0 where the event has no status.
  mutating func page(_ event: Event) -> Int64 {
    begin()
    add(event.page)
    add(event.method)
    add(Int64(event.status ?? 0))
    add(event.auth)
    add(event.level)
    return key()
  }

  /// A song under the id that an event gives it.
  mutating func track(_ song: Int64, _ event: Event) -> Int64 {
    begin()
    add(song)
    add(event.trackId)
    return key()
  }

  /// A user in the group of a test.
  mutating func tag(_ userId: Int64, _ event: Event) -> Int64 {
    begin()
    add(userId)
    add(event.tag)
    return key()
  }

  /// Over topic, user, session, item in session and time: an event with the same identity is a
  /// redelivery.
  mutating func identity(_ event: Event) -> Int64 {
    begin()
    add(Int64(event.topic.rawValue))
    add(event.userId)
    add(event.sessionId)
    add(event.itemInSession)
    add(event.ts)
    return key()
  }

  /// The session that plays and credits belong to: two users may have sessions of the same number.
  mutating func session(_ event: Event) -> Int64 {
    begin()
    add(event.userId)
    add(event.sessionId)
    return key()
  }
}

extension Event {
  /// The song's length in whole milliseconds; nil where the event does not say, or says more than
  /// 24 days.
  @inline(__always)
  var durationMs: Int64? {
    guard let duration, duration > 0, duration < 2_000_000 else { return nil }
    return Int64((duration * 1000).rounded())
  }
}
