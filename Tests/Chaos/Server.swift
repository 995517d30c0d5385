import Foundation
import TestKit
import Warehouse

/// The private PostgreSQL of a run. It is a durable one: power is never cut for real, but everything that a
/// crash of the server may lose must be lost.
final class Server {
  private let cluster: PrivateCluster
  private(set) var info: ClusterInfo
  private var databases = 0

  init(in directory: String) throws {
    cluster = PrivateCluster(directory: "\(directory)/postgres")
    info = try cluster.start()
  }

  /// Drops everything at once, and recovers.
  func crash() throws {
    try cluster.stop(.immediate)
    let before = info.port
    info = try cluster.start()
    guard info.port == before else {
      throw ChaosError("PostgreSQL moved from port \(before) to \(info.port)")
    }
  }

  func stop() { try? cluster.stop(.immediate) }

  /// An empty database with hll.
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

/// What the harness itself could not do: no verdict about the system.
struct ChaosError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// The system has shown what it must not show.
struct Verdict: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
