/// xoshiro256** (Blackman and Vigna), seeded through SplitMix64 (Steele, Lea, Flood). A stream is
/// named by (seed, purpose, index), and nothing else goes into it: so what a user does depends
/// neither on other users nor on the order in which they are simulated.
struct RandomSource: RandomNumberGenerator {
  /// What a stream is for; streams of different purpose never coincide.
  enum Purpose: UInt64 {
    case user = 1
    case growth = 2
    case catalogue = 3
    case group = 4
    case age = 5
    case faults = 6
    /// What is invented about a song beside its place in the catalogue.
    case song = 7
  }

  private var s0: UInt64
  private var s1: UInt64
  private var s2: UInt64
  private var s3: UInt64

  init(seed: UInt64, purpose: Purpose, index: UInt64 = 0) {
    var mixer = SplitMix64(state: seed)
    mixer.state = mixer.next() ^ purpose.rawValue
    mixer.state = mixer.next() ^ index
    self.init(state: (mixer.next(), mixer.next(), mixer.next(), mixer.next()))
  }

  /// - Parameter state: not all zero.
  init(state: (UInt64, UInt64, UInt64, UInt64)) {
    (s0, s1, s2, s3) = state
  }

  mutating func next() -> UInt64 {
    let scrambled = s1 &* 5
    let result = ((scrambled << 7) | (scrambled >> 57)) &* 9
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << 45) | (s3 >> 19)
    return result
  }

  /// Uniform in [0, 1), 53 bits.
  mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// Uniform in (0, 1]: safe to take the logarithm of.
  private mutating func positiveUniform() -> Double {
    Double((next() >> 11) + 1) * 0x1p-53
  }

  /// Uniform in 0..<bound, by multiplication (Lemire); the bias is below 2^-32 for our bounds.
  mutating func index(below bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// Exponential with the given mean.
  mutating func exponential(mean: Double) -> Double {
    -mean * Elementary.log(positiveUniform())
  }

  /// Standard normal (Box and Muller).
  mutating func gaussian() -> Double {
    let radius = (-2 * Elementary.log(positiveUniform())).squareRoot()
    return radius * Elementary.cos(turns: uniform())
  }

  /// Log-normal with the given mean; `sigma` is the standard deviation of the logarithm.
  mutating func logNormal(mean: Double, sigma: Double) -> Double {
    mean * Elementary.exp(sigma * gaussian() - sigma * sigma / 2)
  }
}

private struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Draws an index with given weights in constant time (Walker's alias method, Vose's construction).
struct AliasTable {
  private(set) var threshold: [Double]
  private(set) var alias: [Int32]

  /// - Parameter weights: not empty, none negative, at least one above 0.
  init(weights: [Double]) {
    let count = weights.count
    let total = weights.reduce(0, +)
    var scaled = weights.map { $0 * Double(count) / total }
    threshold = [Double](repeating: 1, count: count)
    alias = (0..<count).map(Int32.init)
    var small: [Int] = []
    var large: [Int] = []
    for index in 0..<count {
      if scaled[index] < 1 { small.append(index) } else { large.append(index) }
    }
    while let low = small.popLast(), let high = large.last {
      threshold[low] = scaled[low]
      alias[low] = Int32(high)
      scaled[high] -= 1 - scaled[low]
      if scaled[high] < 1 {
        large.removeLast()
        small.append(high)
      }
    }
  }

  func draw(_ random: inout RandomSource) -> Int {
    let position = random.uniform() * Double(threshold.count)
    let column = Int(position)
    return position - Double(column) < threshold[column] ? column : Int(alias[column])
  }
}
