/// The users in the order in which they act: by time, and those of equal time by index.
struct UserQueue {
  struct Entry: Comparable {
    var ts: Int64
    var user: Int32

    @inline(__always)
    static func < (a: Entry, b: Entry) -> Bool {
      a.ts != b.ts ? a.ts < b.ts : a.user < b.user
    }
  }

  private var heap = BinaryHeap<Entry>()

  var first: Entry? { heap.first }

  /// All users in the queue, in no particular order.
  var users: some Sequence<Int32> { heap.elements.lazy.map(\.user) }

  mutating func insert(_ entry: Entry) { heap.insert(entry) }

  /// Gives the first user its next time.
  mutating func moveFirst(to ts: Int64) {
    guard let first = heap.first else { return }
    heap.replaceFirst(with: Entry(ts: ts, user: first.user))
  }

  mutating func removeFirst() { heap.removeFirst() }
}
