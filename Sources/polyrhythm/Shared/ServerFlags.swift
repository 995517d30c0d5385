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
      "--cors-origin", "ORIGINS",
      "pages elsewhere that may ask with a token, with commas: https://example.org (default: none)"),
    Flag(
      "--ready-lag", "SECONDS",
      "/readyz fails while the speed layer is further behind the log (default 300; 0: never)"
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
    if let origins = arguments.string("--cors-origin") {
      configuration.crossOrigins = try Self.origins(origins)
    }
    if let lag = try arguments.int("--ready-lag", in: 0...31_536_000) {
      configuration.readyLag = Double(lag)
    }
    // Making a server checks its address and its TLS files, so that a wrong one is reported before a
    // database is made or started.
    _ = try HTTPServer(configuration, databaseURL: "postgresql://")
    return configuration
  }

  private static func origins(_ text: String) throws -> Set<String> {
    let origins = text.split(separator: ",").map(String.init)
    for origin in origins {
      let parts = origin.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 3, parts[1].isEmpty, !parts[2].isEmpty,
        ["http:", "https:"].contains(parts[0])
      else {
        throw UsageError(
          "--cors-origin: \"\(origin)\" is no origin, which is scheme, host and port, as in https://example.org:8443"
        )
      }
    }
    return Set(origins)
  }
}
