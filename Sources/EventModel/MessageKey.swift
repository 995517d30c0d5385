extension Event {
  /// Appends the message key of the event, as `MessageKey` makes it.
  public func appendMessageKey(to out: inout [UInt8]) {
    MessageKey.append(userId: userId, sessionId: sessionId, to: &out)
  }
}

/// The key that an event travels under: the userId in decimal, or `s` and the sessionId for guests.
/// All events of a user share a key, so they stay in order in one partition number.
public enum MessageKey {
  /// Appends the key in ASCII, at most 21 bytes.
  /// - Parameter userId: nil for guests, whose key is `s` and the sessionId.
  public static func append(userId: Int64?, sessionId: Int64, to out: inout [UInt8]) {
    let number: Int64
    if let userId {
      number = userId
    } else {
      out.append(UInt8(ascii: "s"))
      number = sessionId
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DecimalText.maxDigits) { scratch in
      guard let start = scratch.baseAddress else { return }
      let end = DecimalText.write(number, at: start)
      out.append(contentsOf: UnsafeBufferPointer(start: start, count: end - start))
    }
  }
}
