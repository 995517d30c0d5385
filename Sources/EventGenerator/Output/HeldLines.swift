/// Lines that wait until they are due; lines due at the same time keep the order in which they came. The
/// memory of lines that have gone out is used again, so that it grows with the most lines that ever waited
/// at one time.
struct HeldLines {
  private struct Entry: Comparable {
    var due: Int64
    var sequence: Int64
    var slot: Int

    static func < (a: Entry, b: Entry) -> Bool {
      a.due != b.due ? a.due < b.due : a.sequence < b.sequence
    }
  }

  private struct Slot {
    var header: EventLine.Header
    var bytes: [UInt8]
  }

  private var heap = BinaryHeap<Entry>()
  private var slots: [Slot] = []
  private var free: [Int] = []
  private var sequence: Int64 = 0

  var firstDue: Int64? { heap.first?.due }

  /// Keeps a copy of the line.
  mutating func insert(_ line: EventLine, due: Int64) {
    let slot: Int
    if let known = free.popLast() {
      slot = known
      slots[slot].header = line.header
      slots[slot].bytes.removeAll(keepingCapacity: true)
      slots[slot].bytes.append(contentsOf: line.bytes)
    } else {
      slot = slots.count
      slots.append(Slot(header: line.header, bytes: Array(line.bytes)))
    }
    sequence += 1
    heap.insert(Entry(due: due, sequence: sequence, slot: slot))
  }

  /// Gives the line that is due first to `body`, and drops the line. At least one must be waiting.
  mutating func removeFirst<Result>(_ body: (EventLine) throws -> Result) rethrows -> Result {
    let slot = heap.elements[0].slot
    heap.removeFirst()
    free.append(slot)
    let header = slots[slot].header
    return try slots[slot].bytes.withUnsafeBytes {
      try body(EventLine(header: header, bytes: $0))
    }
  }
}
