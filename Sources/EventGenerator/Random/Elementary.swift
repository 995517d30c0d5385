/// Logarithm, exponential, sine and cosine out of nothing but IEEE 754's exactly rounded operations.
/// A C library's functions may differ in the last bit between versions and between processors, and
/// one bit is enough to send a run another way; with these a seed means the same bytes everywhere.
/// All are good to about 1e-15 over the ranges that the simulation uses.
enum Elementary {
  private static let ln2High = 0x1.62e42fee00000p-1
  private static let ln2Low = 0x1.a39ef35793c76p-33

  /// Natural logarithm of a normal number above 0.
  static func log(_ x: Double) -> Double {
    var exponent = Double(x.exponent)
    var m = x.significand
    if m > 1.4142135623730951 {
      m /= 2
      exponent += 1
    }
    // log m = 2 atanh s, whose series falls by s² < 0.03 a term.
    let s = (m - 1) / (m + 1)
    let q = s * s
    var sum = 1.0 / 21
    sum = sum * q + 1.0 / 19
    sum = sum * q + 1.0 / 17
    sum = sum * q + 1.0 / 15
    sum = sum * q + 1.0 / 13
    sum = sum * q + 1.0 / 11
    sum = sum * q + 1.0 / 9
    sum = sum * q + 1.0 / 7
    sum = sum * q + 1.0 / 5
    sum = sum * q + 1.0 / 3
    return exponent * ln2High + (2 * s + (2 * s * q * sum + exponent * ln2Low))
  }

  /// e to the power of x, for |x| up to 700.
  static func exp(_ x: Double) -> Double {
    let k = (x * 1.4426950408889634).rounded()
    let r = (x - k * ln2High) - k * ln2Low
    // Taylor's series on |r| < 0.35.
    var sum = 1.0 / 6_227_020_800
    sum = sum * r + 1.0 / 479_001_600
    sum = sum * r + 1.0 / 39_916_800
    sum = sum * r + 1.0 / 3_628_800
    sum = sum * r + 1.0 / 362_880
    sum = sum * r + 1.0 / 40_320
    sum = sum * r + 1.0 / 5_040
    sum = sum * r + 1.0 / 720
    sum = sum * r + 1.0 / 120
    sum = sum * r + 1.0 / 24
    sum = sum * r + 1.0 / 6
    sum = sum * r + 0.5
    sum = sum * r + 1
    sum = sum * r + 1
    return sum * Double(sign: .plus, exponent: Int(k), significand: 1)
  }

  /// Sine of so many turns (2π), for |turns| below 2^40.
  static func sin(turns: Double) -> Double {
    let quarters = (turns * 4).rounded()
    // Exact: at most an eighth of a turn remains.
    let angle = (turns - quarters / 4) * (2 * .pi)
    switch Int64(quarters) & 3 {
    case 0: return sinSmall(angle)
    case 1: return cosSmall(angle)
    case 2: return -sinSmall(angle)
    default: return -cosSmall(angle)
    }
  }

  static func cos(turns: Double) -> Double { sin(turns: turns + 0.25) }

  /// On |x| up to π/4.
  private static func sinSmall(_ x: Double) -> Double {
    let q = x * x
    var sum = 1.0 / 355_687_428_096_000
    sum = sum * q - 1.0 / 1_307_674_368_000
    sum = sum * q + 1.0 / 6_227_020_800
    sum = sum * q - 1.0 / 39_916_800
    sum = sum * q + 1.0 / 362_880
    sum = sum * q - 1.0 / 5_040
    sum = sum * q + 1.0 / 120
    sum = sum * q - 1.0 / 6
    return x + x * q * sum
  }

  /// On |x| up to π/4.
  private static func cosSmall(_ x: Double) -> Double {
    let q = x * x
    var sum = 1.0 / 20_922_789_888_000
    sum = sum * q - 1.0 / 87_178_291_200
    sum = sum * q + 1.0 / 479_001_600
    sum = sum * q - 1.0 / 3_628_800
    sum = sum * q + 1.0 / 40_320
    sum = sum * q - 1.0 / 720
    sum = sum * q + 1.0 / 24
    return 1 - q / 2 + q * q * sum
  }
}
