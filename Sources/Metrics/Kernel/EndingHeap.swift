/// A binary heap of plays by their end.
struct EndingHeap {
  struct Entry {
    /// Milliseconds since 1970.
    var end: Int64
    /// Index into the store's plays.
    var play: Int32
  }

  private(set) var entries: [Entry] = []

  mutating func push(end: Int64, play: Int32) {
    entries.appendSparingly(Entry(end: end, play: play))
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if entries[parent].end <= entries[child].end { break }
      entries.swapAt(parent, child)
      child = parent
    }
  }

  /// Takes off the play that ends first, if it ends at or before `bound`.
  @inline(__always)
  mutating func pop(until bound: Int64) -> Int32? {
    guard let first = entries.first, first.end <= bound else { return nil }
    return removeFirst()
  }

  private mutating func removeFirst() -> Int32 {
    let result = entries[0].play
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      var parent = 0
      while true {
        var child = 2 * parent + 1
        if child >= entries.count { break }
        if child + 1 < entries.count, entries[child + 1].end < entries[child].end { child += 1 }
        if entries[parent].end <= entries[child].end { break }
        entries.swapAt(parent, child)
        parent = child
      }
    }
    return result
  }
}

extension Array {
  /// Appends with a quarter of room to spare where there is none left, and not as much again, as `append` has it.
  @inline(__always)
  mutating func appendSparingly(_ element: Element) {
    if count == capacity { reserveCapacity(count + count / 4 + 64) }
    append(element)
  }
}
