import Foundation
import Glibc
import Support
import TestKit
import Testing

@testable import EventLog

/// Why Kafka cannot be spoken to, in one line, with librdkafka's words and what to do.
@Suite struct KafkaTroublesTests {
  private func message(_ address: String, _ properties: [String: String] = [:]) throws -> String {
    let quick = ["socket.timeout.ms": "1500"].merging(properties) { $1 }
    let log = try EventLogs.open("kafka:\(address)", properties: quick)
    let error = try #require(failure { _ = try log.partitionCount(of: topic) })
    #expect(error.code == .unavailable && error.exitCode == .unavailable)
    #expect(!error.message.contains("\n") && error.message.contains("Kafka at \(address) "))
    return error.message
  }

  private static let login = [
    "security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "sasl.username": "me",
    "sasl.password": "secret-word",
  ]

  @Test func aPortWhereNobodyListens() throws {
    let message = try message("127.0.0.1:1")
    #expect(message.contains("Connection refused; check the address and that the broker runs"))
  }

  @Test func aNameThatLeadsNowhere() throws {
    let message = try message("no.such.host.invalid:9092")
    #expect(message.contains("Failed to resolve") && message.contains("DNS"), "\(message)")
  }

  @Test func tlsToABrokerWithoutIt() throws {
    let kafka = try ScriptedKafka(.hangsUp)
    defer { kafka.stop() }
    let message = try message(kafka.address, ["security.protocol": "ssl"])
    #expect(
      message.contains("Disconnected") && message.contains("does not speak TLS"),
      "\(message)")
  }

  @Test func plaintextToABrokerWithTLSAndACertificateThatNobodyTrusts() throws {
    let server = try TLSServer()
    defer { server.stop() }
    let plain = try message(server.address)
    #expect(plain.contains("wants TLS") && plain.contains("security.protocol to ssl"), "\(plain)")
    let untrusted = try message(server.address, ["security.protocol": "ssl"])
    #expect(
      untrusted.contains("certificate verify failed") && untrusted.contains("ssl.ca.location"),
      "\(untrusted)")
  }

  @Test func aMechanismThatTheBrokerDoesNotOffer() throws {
    let kafka = try ScriptedKafka(.refusesLogins(mechanism: "SCRAM-SHA-512"))
    defer { kafka.stop() }
    let message = try message(kafka.address, Self.login)
    #expect(
      message.contains("does not offer this SASL mechanism") && message.contains("SCRAM-SHA-512"),
      "\(message)")
  }

  @Test func aPasswordThatIsWrong() throws {
    let kafka = try ScriptedKafka(.refusesLogins(mechanism: "PLAIN"))
    defer { kafka.stop() }
    let message = try message(kafka.address, Self.login)
    #expect(
      message.contains("refuses the login") && message.contains("Invalid username or password"),
      "\(message)")
    #expect(!message.contains("secret-word"))
  }

  @Test(arguments: [
    ("Failed to resolve 'x:1': Name or service not known", KafkaTroubles.Kind.unresolved),
    ("SSL handshake failed: error:0A000086:SSL routines::certificate verify failed:", .untrusted),
    (
      "SSL handshake failed: error:1408F10B:wrong version number: connecting to a P",
      .plaintextBroker
    ),
    ("Receive failed: Invalid response size 352518912 (0..100000000): increase", .tlsBroker),
    ("Connection setup timed out in state CONNECT", .unreachable),
    (
      "Disconnected: verify that security.protocol is correctly configured, broker might require SASL authentication",
      .wantsLogin
    ),
    (
      "Failed to initialize SASL authentication: SASL Handshake not supported by broker (required by mechanism PLAIN)",
      .takesNoLogin
    ),
    (
      "SASL handshake failed: mechanism handshake failed: Broker: Request not valid in current SASL state: broker's supported mechanisms: ",
      .takesNoLogin
    ),
  ])
  func eachLineHasOneMeaning(_ line: String, _ kind: KafkaTroubles.Kind) {
    let troubles = KafkaTroubles()
    troubles.note(
      "[thrd:ssl://x:1/bootstrap]: ssl://x:1/bootstrap: \(line) (after 3ms in state UP)")
    #expect(troubles.latest == .init(kind: kind, words: line))
    troubles.note("[thrd:main]: nothing that matters")
    #expect(troubles.latest?.kind == kind)
  }

  @Test func aBrokerThatHangsUpInTheHandshakeSpeaksNoTLS() {
    let troubles = KafkaTroubles()
    troubles.note(
      "[thrd:ssl://x:1/bootstrap]: ssl://x:1/bootstrap: Disconnected (after 0ms in state SSL_HANDSHAKE)"
    )
    #expect(troubles.latest == .init(kind: .plaintextBroker, words: "Disconnected"))
  }

  @Test func whatABrokerHasSaidExplainsMoreThanThatItHungUp() {
    let troubles = KafkaTroubles()
    troubles.note("x/bootstrap: SASL authentication error: Authentication failed")
    troubles.note("x/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused")
    #expect(troubles.latest?.kind == .login)
  }

  /// `openssl s_server`, with a certificate that it has signed itself.
  private final class TLSServer {
    let address: String
    private let scratch = Scratch()
    private let process: Process

    init() throws {
      let files = "-keyout \(scratch.path)/key -out \(scratch.path)/certificate"
      #expect(
        shell(
          "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
            + "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \(files) 2>/dev/null") == 0)
      process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [
        "openssl", "s_server", "-accept", "127.0.0.1:0", "-key", "\(scratch.path)/key", "-cert",
        "\(scratch.path)/certificate",
      ]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      process.standardInput = Pipe()
      try process.run()
      // The first line names the port: ACCEPT 127.0.0.1:PORT.
      var text = ""
      while let data = try output.fileHandleForReading.read(upToCount: 1) {
        if data.isEmpty { break }
        text += String(decoding: data, as: UTF8.self)
        if text.hasSuffix("\n"), text.contains("ACCEPT ") { break }
      }
      let line = text.split(separator: "\n").last { $0.hasPrefix("ACCEPT ") }
      address = String(try #require(line).dropFirst("ACCEPT ".count))
    }

    func stop() { process.terminate() }
  }
}
