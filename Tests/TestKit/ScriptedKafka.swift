import Foundation
import Glibc
import Synchronization

/// A broker that says what it is told to say, for what librdkafka's mock does not know: logins, settings of topics, topics
/// that are made. Speaks the first versions of Kafka's protocol on a port of its own.
public final class ScriptedKafka: Sendable {
  /// What it does with whoever connects.
  public enum Script: Sendable {
    /// Takes the first bytes and hangs up.
    case hangsUp
    /// Offers this SASL mechanism and refuses every login.
    case refusesLogins(mechanism: String)
    /// Has one topic with one partition, whose settings are these, and takes orders to make others.
    case topic(String, settings: [String: String])
  }

  public let address: String
  private let listener: Int32
  private let script: Script
  private let seen = Mutex<[Data]>([])
  private let made = Mutex<Set<String>>([])

  private enum Request {
    static let metadata: Int16 = 3
    static let handshake: Int16 = 17
    static let versions: Int16 = 18
    static let createTopics: Int16 = 19
    static let describeConfigs: Int16 = 32
    static let authenticate: Int16 = 36
    static let known: [Int16] = [
      metadata, handshake, versions, createTopics, describeConfigs, authenticate,
    ]
  }

  public init(_ script: Script) throws {
    self.script = script
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let port = withUnsafeMutablePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { place -> UInt16? in
        guard bind(descriptor, place, size) == 0, listen(descriptor, 64) == 0,
          getsockname(descriptor, place, &size) == 0
        else { return nil }
        return UnsafeRawPointer(place).load(as: sockaddr_in.self).sin_port.bigEndian
      }
    }
    guard let port else { throw MockKafka.Failure(description: "no port for a scripted Kafka") }
    address = "127.0.0.1:\(port)"
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 { return }
        Thread.detachNewThread { [self] in
          serve(connection)
          close(connection)
        }
      }
    }
  }

  /// Takes no more connections.
  public func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  /// Whether a request had this text in it.
  public func wasAsked(_ text: String) -> Bool {
    seen.withLock { $0.contains { $0.range(of: Data(text.utf8)) != nil } }
  }

  private func serve(_ connection: Int32) {
    if case .hangsUp = script {
      _ = take(1, connection)
      return
    }
    while let head = take(4, connection) {
      guard let request = take(Int(Self.number(head, 0)), connection), request.count >= 8 else {
        return
      }
      seen.withLock { $0.append(request) }
      let kind = Int16(truncatingIfNeeded: Self.number(request, 0) >> 16)
      let version = Int16(truncatingIfNeeded: Self.number(request, 0))
      guard let body = answer(kind, version, request) else { return }
      var reply = Data()
      reply.put(Int32(body.count + 4))
      reply += request[4..<8]
      reply += body
      let sent = reply.withUnsafeBytes {
        send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent != reply.count { return }
    }
  }

  private func answer(_ kind: Int16, _ version: Int16, _ request: Data) -> Data? {
    var body = Data()
    switch kind {
    case Request.versions:
      // UNSUPPORTED_VERSION; clients then ask in the first version.
      body.put(Int16(version == 0 ? 0 : 35))
      body.put(Int32(version == 0 ? Request.known.count : 0))
      if version > 0 { return body }
      for kind in Request.known {
        body.put(kind)
        body.put(Int16(0))
        body.put(Int16([Request.metadata, Request.handshake].contains(kind) ? 1 : 0))
      }
    case Request.handshake:
      guard case .refusesLogins(let mechanism) = script else { return nil }
      // UNSUPPORTED_SASL_MECHANISM
      let isOffered = request.range(of: Data(mechanism.utf8)) != nil
      body.put(Int16(isOffered ? 0 : 33))
      body.put(Int32(1))
      body.put(mechanism)
    case Request.authenticate:
      // SASL_AUTHENTICATION_FAILED
      body.put(Int16(58))
      body.put("Authentication failed: Invalid username or password")
      body.put(Int32(0))
    case Request.metadata: metadata(&body)
    case Request.createTopics: create(request, &body)
    case Request.describeConfigs: describe(&body)
    default: return nil
    }
    return body
  }

  private func metadata(_ body: inout Data) {
    let parts = address.split(separator: ":")
    body.put(Int32(1))
    body.put(Int32(1))
    body.put(String(parts[0]))
    body.put(Int32(parts[1]) ?? 0)
    body.put(Int16(-1))
    body.put(Int32(1))
    var topics = made.withLock { $0 }
    if case .topic(let name, _) = script { topics.insert(name) }
    body.put(Int32(topics.count))
    for topic in topics {
      body.put(Int16(0))
      body.put(topic)
      body.append(0)
      body.put(Int32(1))
      body.put(Int16(0))
      body.put(Int32(0))
      body.put(Int32(1))
      for _ in 0..<2 {
        body.put(Int32(1))
        body.put(Int32(1))
      }
    }
  }

  /// Makes the first topic of the request.
  private func create(_ request: Data, _ body: inout Data) {
    let client = 8 + 2 + max(0, Int(Int16(truncatingIfNeeded: Self.number(request, 8) >> 16)))
    let length = Int(Self.number(request, client + 4) >> 16)
    let name = String(decoding: request.dropFirst(client + 6).prefix(length), as: UTF8.self)
    made.withLock { _ = $0.insert(name) }
    body.put(Int32(1))
    body.put(name)
    body.put(Int16(0))
  }

  private func describe(_ body: inout Data) {
    guard case .topic(let name, let settings) = script else { return }
    body.put(Int32(0))
    body.put(Int32(1))
    body.put(Int16(0))
    body.put(Int16(-1))
    body.append(2)
    body.put(name)
    body.put(Int32(settings.count))
    for (key, value) in settings {
      body.put(key)
      body.put(value)
      body += [0, 0, 0]
    }
  }

  private static func number(_ data: Data, _ at: Int) -> UInt32 {
    data.dropFirst(at).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  private func take(_ count: Int, _ connection: Int32) -> Data? {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = recv(connection, &bytes, count, Int32(MSG_WAITALL))
    return got == count ? Data(bytes) : nil
  }
}

extension Data {
  fileprivate mutating func put(_ number: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
  }

  fileprivate mutating func put(_ text: String) {
    put(Int16(text.utf8.count))
    append(contentsOf: text.utf8)
  }
}
