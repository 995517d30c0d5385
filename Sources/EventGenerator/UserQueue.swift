/// Which user acts next: a binary heap by time, users of equal time by index, so that the order is
/// one and the same however the heap came to be.
struct UserQueue {
  struct Entry {
    var ts: Int64
    var user: Int32

    @inline(__always)
    static func < (a: Entry, b: Entry) -> Bool {
      a.ts != b.ts ? a.ts < b.ts : a.user < b.user
    }
  }

  private var heap: ContiguousArray<Entry> = []

  var first: Entry? { heap.first }

  mutating func insert(_ entry: Entry) {
    heap.append(entry)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entry < heap[parent] else { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = entry
  }

  /// Gives the first user its next time.
  mutating func moveFirst(to ts: Int64) {
    guard let first = heap.first else { return }
    sink(Entry(ts: ts, user: first.user))
  }

  mutating func removeFirst() {
    guard let last = heap.popLast(), !heap.isEmpty else { return }
    sink(last)
  }

  /// Puts an entry in the place of the first and restores the order.
  private mutating func sink(_ entry: Entry) {
    heap.withUnsafeMutableBufferPointer { heap in
      var hole = 0
      while true {
        var child = 2 * hole + 1
        guard child < heap.count else { break }
        if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
        guard heap[child] < entry else { break }
        heap[hole] = heap[child]
        hole = child
      }
      heap[hole] = entry
    }
  }
}
