/// The same numbers for the same seed, on every machine and in every version (Steele, Lea, Flood: "Fast
/// splittable pseudorandom number generators", 2014). For what must be repeatable; nothing secret.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// - Parameter seed: any number; near ones give unlike sequences.
  public init(seed: UInt64) { state = seed }

  /// The next number, all 64 bits of it even.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 on and less than `bound`; 0 where that is not positive. As even as a remainder is.
  public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

  /// True with the probability `share`, 0 to 1.
  public mutating func chance(_ share: Double) -> Bool {
    Double(next() >> 11) / Double(1 << 53) < share
  }
}
