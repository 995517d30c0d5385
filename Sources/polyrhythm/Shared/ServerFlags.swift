import ServingLayer

/// How to serve, as `serve` and `run` take it.
enum ServerFlags {
  static let listen = Flag(
    "--listen", "HOST:PORT", "(default 127.0.0.1:8080)", environment: "POLYRHYTHM_LISTEN")
  /// Who may read, and how it travels.
  static let access = [
    Flag(
      "--token-file", "FILE",
      "tokens that requests must carry: one alone, or a line each of NAME SCOPE TOKEN [EXPIRES], where SCOPE is read or "
        + "operate; needed off loopback"),
    Flag("--tls-cert", "FILE", "certificate chain in PEM"),
    Flag("--tls-key", "FILE", "private key in PEM"),
    Flag(
      "--ready-lag", "SECONDS",
      "/readyz fails while the speed layer is further behind, by the events' own clock (default 300; 0: never)"
    ),
  ]

  /// - Throws: `UsageError` or `ServingError` naming the flag whose value cannot be used.
  static func configuration(_ arguments: Arguments) throws -> HTTPServerConfiguration {
    guard arguments.has("--tls-cert") == arguments.has("--tls-key") else {
      throw UsageError("--tls-cert and --tls-key go together")
    }
    var configuration = HTTPServerConfiguration(
      listen: arguments.string("--listen") ?? "127.0.0.1:8080")
    configuration.tokenFile = arguments.string("--token-file")
    configuration.tlsCertificate = arguments.string("--tls-cert")
    configuration.tlsKey = arguments.string("--tls-key")
    if let lag = try arguments.int("--ready-lag", in: 0...31_536_000) {
      configuration.readyLag = Double(lag)
    }
    // Making a server checks its address and its TLS files, so that a wrong one is reported before a
    // database is made or started.
    _ = try HTTPServer(configuration, databaseURL: "postgresql://")
    return configuration
  }
}
