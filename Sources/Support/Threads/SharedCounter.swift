import Synchronization

/// A count that several threads add to and read. It orders nothing else: what was written before an
/// addition need not be seen by who reads it.
public final class SharedCounter: Sendable {
  private let value = Atomic<Int>(0)

  public init() {}

  public var count: Int { value.load(ordering: .relaxed) }

  /// - Returns: the count with `amount`.
  @discardableResult
  public func add(_ amount: Int) -> Int { value.add(amount, ordering: .relaxed).newValue }

  public func set(_ count: Int) { value.store(count, ordering: .relaxed) }
}
