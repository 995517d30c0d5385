import Foundation
import TestKit
import Warehouse

/// The private PostgreSQL of a run. It is durable, although power is never really cut, so that a crash loses
/// exactly what a crash of a user's server loses.
final class Server {
  private let cluster: PrivateCluster
  private(set) var info: ClusterInfo
  private var databases = 0

  init(in directory: String) throws {
    cluster = PrivateCluster(directory: "\(directory)/postgres")
    info = try cluster.start()
  }

  /// Ends the server without a shutdown, and starts it again, which makes it recover.
  func crash() throws {
    try cluster.stop(.immediate)
    let before = info.port
    info = try cluster.start()
    guard info.port == before else {
      throw ChaosError("PostgreSQL moved from port \(before) to \(info.port)")
    }
  }

  func stop() { try? cluster.stop(.immediate) }

  /// Makes an empty database with the extension hll.
  func makeDatabase() throws -> String {
    databases += 1
    let name = "chaos_\(databases)"
    try administer("create database \(name) template polyrhythm")
    return url(of: name)
  }

  func drop(_ url: String) {
    guard let name = url.components(separatedBy: "@/").last?.prefix(while: { $0 != "?" }) else {
      return
    }
    try? administer("drop database if exists \(name) with (force)")
  }

  private func administer(_ sql: String) throws {
    try Connection(url: url(of: "postgres")).script(sql)
  }

  private func url(of database: String) -> String {
    info.url.replacingOccurrences(of: "@/polyrhythm?", with: "@/\(database)?")
  }
}

/// A failure of the harness itself, which says nothing about the system under test.
struct ChaosError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// The system has behaved in a way in which it must not behave.
struct Verdict: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
