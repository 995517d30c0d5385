/// A set of 64-bit keys in ten to fifteen bytes each: for what a kernel remembers by the million. It grows, is
/// emptied as a whole, and removes nothing one by one.
struct KeySet: ~Copyable {
  /// Keys that are mixed up, each one's place being in proportion to it; 0 marks a free slot.
  private var slots: UnsafeMutablePointer<UInt64>
  private var capacity: Int
  /// Keys in `slots`.
  private var used = 0
  /// Whether the key that is mixed up to 0 is in the set.
  private var hasZero = false

  private static let leastCapacity = 64

  init() {
    capacity = Self.leastCapacity
    slots = Self.makeSlots(capacity)
  }

  deinit { slots.deallocate() }

  /// How many keys are in the set.
  var count: Int { used + (hasZero ? 1 : 0) }

  /// The memory of the set, in bytes.
  var byteCount: Int { capacity * MemoryLayout<UInt64>.stride }

  private static func makeSlots(_ capacity: Int) -> UnsafeMutablePointer<UInt64> {
    let slots = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
    slots.initialize(repeating: 0, count: capacity)
    return slots
  }

  /// Another number for each key, of which all bits depend on all bits of the key.
  @inline(__always)
  private static func mixed(_ key: Int64) -> UInt64 {
    var mixed = UInt64(bitPattern: key)
    mixed ^= mixed >> 32
    mixed = mixed &* 0xD6E8_FEB8_6659_FD93
    mixed ^= mixed >> 32
    return mixed
  }

  /// Where a key is, or else the free slot where it belongs.
  @inline(__always)
  private func place(_ mixed: UInt64) -> Int {
    var index = Int(truncatingIfNeeded: mixed.multipliedFullWidth(by: UInt64(capacity)).high)
    while slots[index] != 0, slots[index] != mixed {
      index &+= 1
      if index == capacity { index = 0 }
    }
    return index
  }

  /// Whether the key is in the set.
  @inline(__always)
  func contains(_ key: Int64) -> Bool {
    let mixed = Self.mixed(key)
    return mixed == 0 ? hasZero : slots[place(mixed)] == mixed
  }

  /// Puts the key in where it is missing.
  /// - Returns: true where it was missing.
  @inline(__always)
  mutating func insert(_ key: Int64) -> Bool {
    let mixed = Self.mixed(key)
    guard mixed != 0 else { return insertZero() }
    let index = place(mixed)
    if slots[index] == mixed { return false }
    slots[index] = mixed
    used &+= 1
    // At four fifths, where the next free slot is still a cache line away at most.
    if used &* 5 > capacity &* 4 { grow() }
    return true
  }

  private mutating func insertZero() -> Bool {
    defer { hasZero = true }
    return !hasZero
  }

  /// By half, so that never less than half of the slots are in use. As the keys lie in their own order, both tables are
  /// passed through from the first slot to the last.
  private mutating func grow() {
    let (old, oldCapacity) = (slots, capacity)
    capacity += capacity / 2
    slots = Self.makeSlots(capacity)
    for index in 0..<oldCapacity where old[index] != 0 { slots[place(old[index])] = old[index] }
    old.deallocate()
  }

  /// Empties the set. It keeps its memory for as many keys as it has had, but not what an earlier burst has left.
  mutating func removeAll() {
    hasZero = false
    guard used > 0 else { return }
    if capacity > 1 << 12, used < capacity / 8 {
      slots.deallocate()
      capacity /= 4
      slots = Self.makeSlots(capacity)
    } else {
      slots.update(repeating: 0, count: capacity)
    }
    used = 0
  }
}
