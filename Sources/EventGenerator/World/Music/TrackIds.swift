/// Makes ids in the form that streaming services give tracks: 22 digits and letters, 128 bits in
/// base 62. None is given out twice.
struct TrackIds {
  private var taken = Set<String>()

  mutating func next(_ random: inout RandomSource) -> String {
    while true {
      let id = Self.text(high: random.next(), low: random.next())
      if taken.insert(id).inserted { return id }
    }
  }

  static let length = 22

  /// The number in base 62, with leading zeros.
  static func text(high: UInt64, low: UInt64) -> String {
    var high = high
    var low = low
    var text: [UInt8] = []
    for _ in 0..<length {
      let (quotient, carry) = high.quotientAndRemainder(dividingBy: 62)
      let (lowQuotient, digit) = UInt64(62).dividingFullWidth((carry, low))
      (high, low) = (quotient, lowQuotient)
      text.append(digits[Int(digit)])
    }
    return String(decoding: text.reversed(), as: UTF8.self)
  }

  private static let digits = Array(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
}
