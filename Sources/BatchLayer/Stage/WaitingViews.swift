import Metrics

/// Page views that wait for the facts of their plays, which are told when the plays are over: a song and the allowed
/// lateness later. What waits is bounded; a page view that has to give way is written as a row of its own, which says the same.
///
/// A page view has one bucket of four places, found by its time and session. The table doubles where a bucket is full and the
/// table is not sparse, up to a limit, and never forgets a page view silently.
struct WaitingViews: ~Copyable {
  /// Places of a bucket.
  private static let width = 4

  /// What each place has, by a part of its hash; 0 marks a free place. They lie together, so that most look-ups read nothing else.
  private var tags: UnsafeMutablePointer<UInt32>
  private var views: UnsafeMutablePointer<ViewOfPlay>
  private var capacity: Int
  /// Places at most: 17 MB.
  private let limit: Int
  /// How many page views wait.
  private(set) var count = 0

  /// - Parameters:
  ///   - capacity: places to begin with, a power of two.
  ///   - limit: places at most, a power of two.
  init(capacity: Int = 1 << 10, limit: Int = 1 << 18) {
    self.capacity = capacity
    self.limit = limit
    tags = .allocate(capacity: capacity)
    tags.initialize(repeating: 0, count: capacity)
    views = .allocate(capacity: capacity)
  }

  deinit {
    tags.deallocate()
    views.deallocate()
  }

  @inline(__always)
  private static func hash(_ keys: FactKeys) -> UInt64 {
    var hash =
      UInt64(bitPattern: keys.ts) ^ UInt64(bitPattern: keys.sessionId) &* 0x9E37_79B9_7F4A_7C15
    hash ^= hash >> 32
    hash = hash &* 0xD6E8_FEB8_6659_FD93
    return hash ^ hash >> 32
  }

  @inline(__always)
  private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) | 1 }

  /// The first place of a hash's bucket.
  @inline(__always)
  private func bucket(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash) & (capacity - Self.width)
  }

  /// The first place of a bucket with this tag.
  @inline(__always)
  private func place(_ tag: UInt32, from first: Int) -> Int? {
    for place in first..<first + Self.width where tags[place] == tag { return place }
    return nil
  }

  /// Lets a page view wait.
  /// - Returns: the page view that has to give way for it, the earliest of the bucket; nil where there is room.
  mutating func put(_ view: ViewOfPlay) -> ViewOfPlay? {
    let hash = Self.hash(view.keys)
    while true {
      let first = bucket(hash)
      if let free = place(0, from: first) {
        tags[free] = Self.tag(hash)
        (views + free).initialize(to: view)
        count += 1
        return nil
      }
      guard capacity < limit, count * 4 >= capacity else {
        let places = first..<first + Self.width
        let earliest = places.reduce(first) { views[$1].keys.ts < views[$0].keys.ts ? $1 : $0 }
        let other = views[earliest]
        tags[earliest] = Self.tag(hash)
        views[earliest] = view
        return other
      }
      grow()
    }
  }

  private mutating func grow() {
    let (oldTags, oldViews, oldCapacity) = (tags, views, capacity)
    capacity *= 2
    tags = .allocate(capacity: capacity)
    tags.initialize(repeating: 0, count: capacity)
    views = .allocate(capacity: capacity)
    for old in 0..<oldCapacity where oldTags[old] != 0 {
      let first = bucket(Self.hash(oldViews[old].keys))
      // Those of a bucket are in two buckets now, and so have room.
      guard let free = place(0, from: first) else { continue }
      tags[free] = oldTags[old]
      (views + free).initialize(to: oldViews[old])
    }
    oldTags.deallocate()
    oldViews.deallocate()
  }

  /// Takes the page view that the play stands for.
  /// - Returns: whether it was waiting.
  mutating func take(of play: ListenFact) -> Bool {
    let hash = Self.hash(play.keys)
    let first = bucket(hash)
    let tag = Self.tag(hash)
    for place in first..<first + Self.width where tags[place] == tag && views[place].isOf(play) {
      tags[place] = 0
      count -= 1
      return true
    }
    return false
  }

  /// Takes all that wait, in order of time.
  mutating func takeAll() -> [ViewOfPlay] {
    guard count > 0 else { return [] }
    let all = (0..<capacity).filter { tags[$0] != 0 }.map { views[$0] }
    tags.update(repeating: 0, count: capacity)
    count = 0
    return all.sorted { $0.keys.ts < $1.keys.ts }
  }
}
