import Foundation
import Synchronization
import TestKit

/// Values from several threads, in the order in which they come.
final class Outcomes<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])

  func add(_ value: Value) { values.withLock { $0.append(value) } }

  var all: [Value] { values.withLock { $0 } }
}

/// A directory for one test, which is removed with the value.
final class TemporaryDirectory: Sendable {
  let path: String

  init(mode: Int = 0o755) throws {
    path = try TestDatabase.directory() + "/\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: mode])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to name: String) throws {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: url, atomically: true, encoding: .utf8)
  }
}

/// Runs bodies on threads of their own, as the product does, so that blocking calls do not take threads from
/// Swift's pool.
enum Threads {
  /// Runs `body` on `count` threads at once and returns their errors when all have ended.
  @discardableResult
  static func run(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) -> [any Error] {
    let failures = Outcomes<any Error>()
    let ended = DispatchSemaphore(value: 0)
    for index in 0..<count {
      Thread {
        do { try body(index) } catch { failures.add(error) }
        ended.signal()
      }.start()
    }
    for _ in 0..<count { ended.wait() }
    return failures.all
  }
}
