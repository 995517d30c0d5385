extension BinaryInteger {
  /// The digits with zeros before them up to `width`; more digits than that are all there. The minus
  /// sign of a negative number counts as a digit.
  /// - Parameter radix: 2 to 36; digits above 9 are lower-case letters.
  public func padded(to width: Int, radix: Int = 10) -> String {
    let digits = String(self, radix: radix)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
