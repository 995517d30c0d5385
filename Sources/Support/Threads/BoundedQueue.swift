import Foundation
import Synchronization

/// Hands values from one thread to another in order, and makes the giver wait while the taker is
/// behind. For dedicated threads: both ends block.
public final class BoundedQueue<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var isClosed = false
  }

  private let limit: Int
  private let condition = NSCondition()
  private let state = Mutex(State())

  /// - Parameter limit: how many elements may wait; at least 1.
  public init(limit: Int) { self.limit = max(1, limit) }

  /// Waits for room and adds the element.
  /// - Returns: false where the queue was closed; the element is dropped then.
  public func put(_ element: Element) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while true {
      let done: Bool? = state.withLock {
        if $0.isClosed { return false }
        if $0.elements.count >= limit { return nil }
        $0.elements.append(element)
        return true
      }
      if let done {
        condition.broadcast()
        return done
      }
      condition.wait()
    }
  }

  /// Waits for an element; nil once the queue is closed and empty.
  public func take() -> Element? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      let (element, isClosed) = state.withLock {
        ($0.elements.isEmpty ? nil : $0.elements.removeFirst(), $0.isClosed)
      }
      if let element {
        condition.broadcast()
        return element
      }
      if isClosed { return nil }
      condition.wait()
    }
  }

  /// Lets no more in; what is there can still be taken, unless it is discarded.
  public func close(discarding: Bool = false) {
    condition.lock()
    state.withLock {
      $0.isClosed = true
      if discarding { $0.elements.removeAll() }
    }
    condition.broadcast()
    condition.unlock()
  }
}
