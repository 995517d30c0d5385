import Foundation
import Synchronization

/// A dedicated thread for work that blocks, with its result. Blocking C calls stay off the
/// cooperative pool.
public final class Worker<Success: Sendable>: Sendable {
  private let result = Mutex<Result<Success, any Error>?>(nil)
  private let condition = NSCondition()

  /// Starts at once.
  /// - Parameter name: shown by debuggers and `top -H`; 15 bytes at most are kept.
  public init(_ name: String, _ body: @escaping @Sendable () throws -> Success) {
    let thread = Thread { [self] in
      let outcome = Result { try body() }
      condition.lock()
      result.withLock { $0 = outcome }
      condition.broadcast()
      condition.unlock()
    }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Whether the body has ended, by whichever way.
  public var isFinished: Bool { result.withLock { $0 != nil } }

  /// Waits for the end, and gives the result or throws what the body threw.
  @discardableResult
  public func wait() throws -> Success {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let outcome = result.withLock({ $0 }) { return try outcome.get() }
      condition.wait()
    }
  }
}
