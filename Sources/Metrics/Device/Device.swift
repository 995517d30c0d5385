import Glibc

/// What a user agent says about the device behind it: enough to tell a phone from a television.
///
/// User agents are claims, and browsers claim to be each other, so the answer is a convention: the
/// first rule that fits, in the order of the tables in `DeviceRules`. Some devices cannot be told
/// apart at all: an iPad since iPadOS 13 says that it is a Mac, unless its user asks for mobile pages.
public struct Device: Hashable, Sendable {
  /// `desktop`, `mobile`, `tablet`, `tv`, `console`, `bot` or `unknown`. A bot is any program that
  /// fetches on its own behalf, search engines and scripts alike.
  public var deviceType: String
  /// `Windows`, `macOS`, `iOS`, `iPadOS`, `tvOS`, `Android`, `Linux`, `ChromeOS`,
  /// another name of the table, or `unknown`.
  public var os: String
  /// `Chrome`, `Safari`, `Firefox`, `Edge`, `Opera`, `Samsung Internet`, `Internet Explorer`,
  /// another name of the table, the name with which an app introduces itself (`okhttp`), or
  /// `unknown`.
  public var browser: String

  /// The device of the member 0 of `dim_device`.
  public static let unknown = Device(
    deviceType: DeviceRules.unknown, os: DeviceRules.unknown, browser: DeviceRules.unknown)

  /// A device by its three names.
  public init(deviceType: String, os: String, browser: String) {
    self.deviceType = deviceType
    self.os = os
    self.browser = browser
  }

  /// Reads a user agent. Any bytes will do; what cannot be read is `unknown`.
  ///
  /// Linear in the bytes times the number of rules: meant to be called once for each distinct user
  /// agent.
  ///
  /// - Parameter userAgent: the header's value, also wrapped in literal quotes, as eventsim has it.
  public init(userAgent: UnsafeBufferPointer<UInt8>) {
    let agent = UserAgent(userAgent)
    deviceType = agent.firstMatch(in: DeviceRules.deviceTypes) ?? DeviceRules.unknown
    os = agent.firstMatch(in: DeviceRules.systems) ?? DeviceRules.unknown
    browser =
      agent.firstMatch(in: DeviceRules.browsers) ?? agent.productName ?? DeviceRules.unknown
  }

  /// Reads a user agent, as the initialiser for bytes does.
  public init(userAgent: String) {
    var userAgent = userAgent
    self = userAgent.withUTF8 { Device(userAgent: $0) }
  }
}

/// A user agent without its wrapping, ready to be searched.
private struct UserAgent {
  private let bytes: [UInt8]
  private let lowercased: [UInt8]

  init(_ raw: UnsafeBufferPointer<UInt8>) {
    // Spaces, quotes, and backslashes that once escaped them.
    let wrapping: (UInt8) -> Bool = { $0 <= 0x20 || $0 == 0x22 || $0 == 0x27 || $0 == 0x5c }
    let start = raw.firstIndex { !wrapping($0) } ?? raw.endIndex
    let end = raw.lastIndex { !wrapping($0) }.map { $0 + 1 } ?? start
    bytes = Array(raw[start..<end])
    lowercased = bytes.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
  }

  func firstMatch(in rules: [DeviceRules.Rule]) -> String? {
    rules.first { rule in
      rule.anyOf.contains(where: contains) && !rule.noneOf.contains(where: contains)
        && rule.allOf.allSatisfy(contains)
    }?.name
  }

  /// `okhttp` of `okhttp/4.9.0`: the name by which a program that is no browser introduces itself. nil
  /// where there is no such name, as in every browser's user agent, which starts with `Mozilla`.
  var productName: String? {
    guard let slash = bytes.firstIndex(of: 0x2f) else { return nil }
    let name = bytes[..<slash]
    let isNameByte: (UInt8) -> Bool = {
      (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
        || $0 == 0x20 || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f
    }
    guard (1...DeviceRules.productNameMax).contains(name.count), name.allSatisfy(isNameByte),
      !lowercased.starts(with: "mozilla/".utf8)
    else { return nil }
    return String(decoding: name, as: UTF8.self)
  }

  private func contains(_ token: String) -> Bool {
    var token = token
    return token.withUTF8 { token in
      lowercased.withUnsafeBytes { Self.contains($0, UnsafeRawBufferPointer(token)) }
    }
  }

  private static func contains(
    _ bytes: UnsafeRawBufferPointer, _ token: UnsafeRawBufferPointer
  ) -> Bool {
    guard let first = token.first, let wanted = token.baseAddress, var at = bytes.baseAddress else {
      return token.isEmpty
    }
    var places = bytes.count - token.count + 1
    while places > 0, let found = memchr(at, Int32(first), places) {
      if memcmp(found, wanted, token.count) == 0 { return true }
      places -= UnsafeRawPointer(found) - at + 1
      at = UnsafeRawPointer(found) + 1
    }
    return false
  }
}
