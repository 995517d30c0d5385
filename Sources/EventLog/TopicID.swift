/// What tells a topic apart from another one that has, or had, its name: Kafka gives each topic that is made an id of its own
/// (KIP-516).
public struct TopicID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// As Kafka's own tools show it: 22 characters of base64 for URLs.
  public let rawValue: String

  /// - Returns: nil for text that no id is.
  public init?(rawValue: String) {
    guard rawValue.utf8.count == 22,
      rawValue.utf8.allSatisfy({ Self.digits.contains($0) })
    else { return nil }
    self.rawValue = rawValue
  }

  /// - Returns: nil for zeros, which stand for no id: brokers before Kafka 2.8 give none.
  init?(mostSignificant: Int64, leastSignificant: Int64) {
    guard mostSignificant != 0 || leastSignificant != 0 else { return nil }
    let high = UInt64(bitPattern: mostSignificant)
    let low = UInt64(bitPattern: leastSignificant)
    // 128 bits, six a character, the last character with two of them.
    rawValue = String(
      decoding: (0..<22).map { index in
        let from = 122 - 6 * index
        let bits: UInt64
        switch from {
        case 64...: bits = high >> UInt64(from - 64)
        case 59..<64: bits = high << UInt64(64 - from) | low >> UInt64(from)
        case 0..<59: bits = low >> UInt64(from)
        default: bits = low << UInt64(-from)
        }
        return Self.digits[Int(bits & 63)]
      }, as: UTF8.self)
  }

  /// The text.
  public var description: String { rawValue }

  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
}

extension EventLog {
  /// None, for logs whose topics have no ids.
  public func topicIDs(of topics: [String]) throws(EventLogError) -> [String: TopicID] { [:] }

  /// nil, for logs whose records tell themselves whose they are.
  public var topicWatch: String? { nil }

  /// Holds the ids of topics against those that they had.
  /// - Parameters:
  ///   - known: the ids of what was read earlier.
  ///   - found: the ids that the topics have now; what is missing in either is not compared.
  ///   - reader: what has read them, for the message, as "the database has counted".
  /// - Throws: `.diverged` for a topic that was made anew.
  public func requireSameTopics(
    _ known: [String: TopicID], _ found: [String: TopicID], that reader: String
  ) throws(EventLogError) {
    for (topic, before) in known.sorted(by: { $0.key < $1.key }) {
      guard let now = found[topic], now != before else { continue }
      throw EventLogError(
        .diverged,
        "\(url): \(topic) is another topic than the one that \(reader): it was deleted and created again (topic id "
          + "\(now), and \(before) before), and has other records at the same offsets; use a lake and a database of its own for it"
      )
    }
  }
}
