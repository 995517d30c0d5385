/// A priority queue: the least element is first (J. W. J. Williams, "Algorithm 232: Heapsort", 1964).
/// Elements of which no two are equal come out in the same order, whatever the order in which they went in.
struct BinaryHeap<Element: Comparable> {
  /// The least element first, the others in no particular order.
  private(set) var elements: ContiguousArray<Element> = []

  @inline(__always)
  var first: Element? { elements.first }

  mutating func insert(_ element: Element) {
    elements.append(element)
    var child = elements.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard element < elements[parent] else { break }
      elements[child] = elements[parent]
      child = parent
    }
    elements[child] = element
  }

  /// Removes the first element and inserts another in one step. The heap must not be empty.
  mutating func replaceFirst(with element: Element) {
    elements.withUnsafeMutableBufferPointer { heap in
      var hole = 0
      while true {
        var child = 2 * hole + 1
        guard child < heap.count else { break }
        if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
        guard heap[child] < element else { break }
        heap[hole] = heap[child]
        hole = child
      }
      heap[hole] = element
    }
  }

  mutating func removeFirst() {
    guard let last = elements.popLast(), !elements.isEmpty else { return }
    replaceFirst(with: last)
  }
}
