import CRdKafka
import Glibc
import Synchronization

/// What librdkafka last said of its connections. A call that fails says no more than "timed out"; why
/// it did so stands in lines that librdkafka writes meanwhile, from threads of its own.
class KafkaTroubles {
  /// A reason why a connection does not come about.
  enum Kind: Equatable, CaseIterable {
    /// The host's name leads nowhere.
    case unresolved
    /// The certificate of the broker is not one that we trust.
    case untrusted
    /// We speak TLS, the broker does not.
    case plaintextBroker
    /// The broker hangs up or answers what is no answer, as it does where it speaks TLS and we do not.
    case tlsBroker
    /// The broker hangs up, as it does where it wants a login and we have none.
    case wantsLogin
    /// We want to log in, and the broker has no logins on this port.
    case takesNoLogin
    /// The broker does not know the way in which we want to log in.
    case mechanism
    /// The broker knows no such user, or another password.
    case login
    /// Nobody listens, or who listens hangs up.
    case unreachable

    /// What Kafka does, as part of a sentence.
    var meaning: String {
      switch self {
      case .unresolved: "has a name that cannot be resolved"
      case .untrusted: "has a certificate that is not trusted"
      case .plaintextBroker: "does not speak TLS on this port"
      case .tlsBroker: "hangs up, as a broker does that wants TLS"
      case .wantsLogin: "hangs up, as a broker does that wants a login"
      case .takesNoLogin: "takes no login on this port"
      case .mechanism: "does not offer this SASL mechanism"
      case .login: "refuses the login"
      case .unreachable: "does not answer"
      }
    }

    /// What to do about it, as part of a sentence.
    var advice: String {
      switch self {
      case .unresolved: "check the spelling of the host, and that this machine's DNS knows it"
      case .untrusted:
        "set ssl.ca.location to the certificate of the authority that signed the broker's"
      case .plaintextBroker:
        "use the broker's TLS port, or set security.protocol to plaintext or sasl_plaintext"
      case .tlsBroker:
        "set security.protocol to ssl or sasl_ssl, or use the broker's plaintext port"
      case .wantsLogin:
        "set security.protocol to sasl_ssl or sasl_plaintext, and sasl.mechanism, sasl.username and sasl.password"
      case .takesNoLogin:
        "set security.protocol to ssl or plaintext, or use the broker's port for logins"
      case .mechanism: "set sasl.mechanism to one that the broker has"
      case .login: "check sasl.username and sasl.password"
      case .unreachable: "check the address and that the broker runs"
      }
    }

    /// What a line of librdkafka is about; nil where it says nothing of why a connection failed.
    init?(_ line: String) {
      func has(_ words: String...) -> Bool { words.contains { line.contains($0) } }
      if has("Failed to resolve") {
        self = .unresolved
      } else if has("certificate verify failed") {
        self = .untrusted
      } else if has("PLAINTEXT broker listener", "wrong version number", "http request") {
        self = .plaintextBroker
      } else if has("in state SSL_HANDSHAKE"), has("Disconnected", "No further error") {
        // librdkafka now and then leaves it at that.
        self = .plaintextBroker
      } else if has("connecting to a SSL listener") || Self.isAlert(line) {
        self = .tlsBroker
      } else if has("might require SASL") {
        self = .wantsLogin
      } else if has("SASL Handshake not supported", "not valid in current SASL state") {
        self = .takesNoLogin
      } else if has("Unsupported SASL mechanism", "mechanism handshake failed") {
        self = .mechanism
      } else if has("SASL authentication", "uthentication failed", "uthentication error") {
        self = .login
      } else if has("Connect to ", "Disconnected", "Connection setup timed out", "SSL handshake") {
        self = .unreachable
      } else {
        return nil
      }
    }

    /// Whether an answer that is much too long is a TLS alert, whose first bytes were taken for a length.
    private static func isAlert(_ line: String) -> Bool {
      let intro = "nvalid response size "
      guard let start = line.firstRange(of: intro)?.upperBound,
        let size = Int(line[start...].prefix { $0.isNumber })
      else { return false }
      return size >> 16 == 0x1503
    }
  }

  /// A reason, and librdkafka's own words for it.
  struct Trouble: Equatable {
    var kind: Kind
    var words: String
  }

  private struct State {
    /// What a broker has said, or what we found out of it.
    var certain: (trouble: Trouble, at: ContinuousClock.Instant)?
    var unreachable: (trouble: Trouble, at: ContinuousClock.Instant)?
  }

  private let state = Mutex(State())
  /// For so long a line explains what fails. librdkafka repeats itself every 30 s.
  private static let validity = Duration.seconds(60)

  init() {}

  /// - Parameter line: as librdkafka gives it to its log.
  func note(_ line: String) {
    guard let kind = Kind(line) else { return }
    let trouble = Trouble(kind: kind, words: Self.words(line))
    state.withLock {
      if [.unreachable, .tlsBroker, .wantsLogin].contains(kind) {
        $0.unreachable = (trouble, .now)
      } else {
        $0.certain = (trouble, .now)
      }
    }
  }

  /// What explains a failure now. That nobody answers is the least of reasons: a broker that refuses a login
  /// hangs up as well.
  var latest: Trouble? {
    state.withLock {
      [$0.certain, $0.unreachable].lazy.compactMap { $0 }
        .first { ContinuousClock.now - $0.at < Self.validity }?.trouble
    }
  }

  /// Whether a failure with this code may be that of a connection.
  static func mayExplain(_ code: rd_kafka_resp_err_t) -> Bool {
    switch code {
    case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__TIMED_OUT,
      RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE,
      RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__AUTHENTICATION,
      RD_KAFKA_RESP_ERR__SSL:
      true
    default: false
    }
  }

  /// The line without the names of thread and connection before it and the time behind it.
  private static func words(_ line: String) -> String {
    var text = Substring(line)
    for mark in ["/bootstrap: ", "]: "] {
      if let end = text.firstRange(of: mark)?.upperBound { text = text[end...] }
    }
    if let start = text.firstRange(of: " (after ")?.lowerBound { text = text[..<start] }
    return String(text.filter { !$0.isNewline })
  }
}
