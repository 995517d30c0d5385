/// An open-addressing hash table from (minute, key) to a small integer, for keys that are hashes
/// already. It grows, is emptied as a whole, and removes nothing one by one: the kernel needs no more.
struct FlatTable: ~Copyable {
  private struct Slot {
    var key: Int64
    var minute: Int32
    /// -1 marks a free slot.
    var value: Int32
  }

  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  private(set) var count = 0

  /// - Parameter minimumCapacity: entries that fit before the table grows.
  init(minimumCapacity: Int = 1024) {
    var capacity = 1024
    while capacity < minimumCapacity * 2 { capacity *= 2 }
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: Slot(key: 0, minute: 0, value: -1), count: capacity)
    mask = capacity - 1
  }

  deinit { slots.deallocate() }

  @inline(__always)
  private func home(_ minute: Int32, _ key: Int64) -> Int {
    var h = UInt64(bitPattern: key) ^ (UInt64(UInt32(bitPattern: minute)) &* 0x9E37_79B9_7F4A_7C15)
    h ^= h >> 32
    h = h &* 0xD6E8_FEB8_6659_FD93
    h ^= h >> 32
    return Int(truncatingIfNeeded: h) & mask
  }

  /// The value at (minute, key), or nil.
  @inline(__always)
  func find(_ minute: Int32, _ key: Int64) -> Int32? {
    var index = home(minute, key)
    while true {
      let slot = slots[index]
      if slot.value < 0 { return nil }
      if slot.key == key && slot.minute == minute { return slot.value }
      index = (index &+ 1) & mask
    }
  }

  /// The value at (minute, key); where there is none, `new` is put there and returned.
  /// `new` must not be negative.
  @inline(__always)
  mutating func findOrInsert(_ minute: Int32, _ key: Int64, new: Int32) -> Int32 {
    assert(new >= 0, "value \(new) for key \(key): a value below 0 marks a free slot")
    var index = home(minute, key)
    while true {
      let slot = slots[index]
      if slot.value < 0 { break }
      if slot.key == key && slot.minute == minute { return slot.value }
      index = (index &+ 1) & mask
    }
    slots[index] = Slot(key: key, minute: minute, value: new)
    count &+= 1
    if count &* 2 > mask { grow() }
    return new
  }

  /// Puts `key` in where it is missing.
  /// - Returns: true where it was missing.
  @inline(__always)
  mutating func insertNew(_ key: Int64) -> Bool {
    let before = count
    _ = findOrInsert(0, key, new: 0)
    return count != before
  }

  /// Empties the table. Emptying takes time in proportion to the capacity, so a table that a burst has
  /// made much larger than its entries need is replaced by a smaller one.
  mutating func removeAll() {
    guard count > 0 else { return }
    if mask >= 1 << 14, count < mask / 16 {
      self = FlatTable(minimumCapacity: mask / 8)
      return
    }
    slots.update(repeating: Slot(key: 0, minute: 0, value: -1), count: mask + 1)
    count = 0
  }

  private mutating func grow() {
    let old = slots
    let oldCapacity = mask + 1
    let capacity = oldCapacity * 2
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: Slot(key: 0, minute: 0, value: -1), count: capacity)
    mask = capacity - 1
    for i in 0..<oldCapacity where old[i].value >= 0 {
      var index = home(old[i].minute, old[i].key)
      while slots[index].value >= 0 { index = (index &+ 1) & mask }
      slots[index] = old[i]
    }
    old.deallocate()
  }
}
