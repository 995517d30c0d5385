import Glibc
import Support
import Synchronization

/// The tokens that open the server. Those of a file follow the file: a token that is taken out of it is worth nothing within
/// two seconds.
final class TokenList: Sendable {
  private struct Known {
    var tokens: [AccessToken]
    var stamp: String?
    var looked: ContinuousClock.Instant
  }

  private static let pause = Duration.seconds(2)

  private let path: String?
  private let log: @Sendable (String) -> Void
  private let known: Mutex<Known>

  /// Tokens that do not change.
  init(_ tokens: [AccessToken]) {
    path = nil
    log = { _ in }
    known = Mutex(Known(tokens: tokens, stamp: nil, looked: .now))
  }

  /// The tokens of a file.
  ///
  /// - Parameter log: told when the file has changed to something that cannot be used; the tokens of before stay then.
  /// - Throws: `.tokenFileUnreadable`; `.tokenFile` where others may read the file, or its content cannot be used.
  init(file path: String, log: @escaping @Sendable (String) -> Void) throws(ServingError) {
    self.path = path
    self.log = log
    let stamp = FileSystem.stamp(path)
    known = Mutex(Known(tokens: try Self.read(path), stamp: stamp, looked: .now))
  }

  /// The tokens as they are now, those that have expired among them.
  var current: [AccessToken] {
    known.withLock { known in
      guard let path, known.looked + Self.pause < .now else { return known.tokens }
      known.looked = .now
      let stamp = FileSystem.stamp(path)
      if stamp != known.stamp {
        known.stamp = stamp
        do throws(ServingError) {
          known.tokens = try Self.read(path)
        } catch {
          log("\(error.message); the tokens of before stay")
        }
      }
      return known.tokens
    }
  }

  private static func read(_ path: String) throws(ServingError) -> [AccessToken] {
    let bytes: [UInt8]
    switch FileBytes.read(path) {
    case .success(let found): bytes = found
    case .failure(let unreadable):
      throw ServingError(
        .tokenFileUnreadable, "--token-file: cannot read \(path): \(unreadable.reason)")
    }
    try checkRights(path)
    return try AccessToken.list(String(decoding: bytes, as: UTF8.self), path: path)
  }

  /// Whoever can read the file can do what its tokens allow. A container's secrets are in a file system of its own, and have
  /// the rights that its runtime gives them.
  private static func checkRights(_ path: String) throws(ServingError) {
    var status = stat()
    guard !path.hasPrefix("/run/secrets/"), stat(path, &status) == 0,
      status.st_mode & S_IFMT == S_IFREG
    else { return }
    let isOpen = status.st_mode & 0o007 != 0
    let isOfGroup = status.st_mode & 0o070 != 0 && status.st_uid != 0
    guard !isOpen, !isOfGroup else {
      throw ServingError(
        .tokenFile,
        "--token-file: \(path) can be read by others (mode \(String(status.st_mode & 0o777, radix: 8))); "
          + "chmod 600 \(path), and make new tokens if others are on this machine")
    }
  }
}
