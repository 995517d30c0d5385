/// A fixed number of elements in a memory block that this value owns and frees.
///
/// Where every event passes, this stands for a stored array: elements that cannot be copied may live
/// in it, and reaching one takes no retain and no check of exclusive access.
struct FixedArray<Element: ~Copyable>: ~Copyable {
  private let elements: UnsafeMutablePointer<Element>
  let count: Int

  init(count: Int, of make: () -> Element) {
    elements = .allocate(capacity: count)
    self.count = count
    for index in 0..<count { (elements + index).initialize(to: make()) }
  }

  deinit { elements.deinitialize(count: count).deallocate() }

  /// The element in place. An index outside `0..<count` is not caught in release builds.
  subscript(index: Int) -> Element {
    @inline(__always) unsafeAddress {
      assert(index >= 0 && index < count, "index \(index) of a fixed array of \(count)")
      return UnsafePointer(elements + index)
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      assert(index >= 0 && index < count, "index \(index) of a fixed array of \(count)")
      return elements + index
    }
  }
}
