import Synchronization

/// A count that several threads add to and read. It orders nothing else: a thread that reads the count need
/// not see what another wrote before it added.
public final class SharedCounter: Sendable {
  private let value = Atomic<Int>(0)

  /// Begins at 0.
  public init() {}

  /// What has been added so far.
  public var count: Int { value.load(ordering: .relaxed) }

  /// - Returns: the count with `amount`.
  @discardableResult
  public func add(_ amount: Int) -> Int { value.add(amount, ordering: .relaxed).newValue }

  /// Replaces the count.
  public func set(_ count: Int) { value.store(count, ordering: .relaxed) }
}
