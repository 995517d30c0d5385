import Synchronization

/// Counts wrong tokens by the address that they come from, so that guessing is slow and seen. Right tokens always pass, so that
/// nobody can lock out others who share an address.
final class WrongTokens: Sendable {
  private struct Count {
    var wrong = 0
    var since: ContinuousClock.Instant
  }

  /// Wrong tokens of an address in a period before further ones are turned away unread.
  static let allowed = 10
  static let period = Duration.seconds(60)
  /// Addresses that are remembered; beyond them all count as one.
  static let addressesMax = 10_000

  private let counts = Mutex<[String: Count]>([:])

  /// Notes a wrong token.
  ///
  /// - Returns: whether the address has given too many; and whether this is the one that makes them too many.
  func note(_ address: String, now: ContinuousClock.Instant = .now) -> (tooMany: Bool, isNew: Bool)
  {
    counts.withLock { counts in
      if counts.count >= Self.addressesMax {
        counts = counts.filter { $0.value.since + Self.period > now }
      }
      let key = counts.count < Self.addressesMax || counts[address] != nil ? address : ""
      var count = counts[key] ?? Count(since: now)
      if count.since + Self.period <= now { count = Count(since: now) }
      count.wrong += 1
      counts[key] = count
      return (count.wrong > Self.allowed, count.wrong == Self.allowed + 1)
    }
  }
}
