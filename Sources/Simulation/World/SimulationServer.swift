import Foundation
import Warehouse

/// The private PostgreSQL server of simulations. Its files are not synced, as they are removed after the run.
final class SimulationServer {
  private let cluster: PrivateCluster
  private let info: ClusterInfo
  private var databases = 0

  init(in directory: String) throws(WarehouseError) {
    cluster = PrivateCluster(directory: "\(directory)/postgres", isDurable: false)
    info = try cluster.start()
    // Without syncs it costs nothing to let commits wait until their WAL is written, and then they survive a
    // crash of the server.
    try administer("alter system set synchronous_commit = on")
    try administer("select pg_reload_conf()")
  }

  func crash() throws(WarehouseError) {
    try cluster.stop(.immediate)
    let again = try cluster.start()
    guard again.port == info.port else {
      throw WarehouseError(
        .cluster, "PostgreSQL has moved from port \(info.port) to \(again.port); run it once more")
    }
  }

  func stop() { try? cluster.stop(.immediate) }

  func makeDatabase() throws(WarehouseError) -> String {
    databases += 1
    let name = "simulation_\(databases)"
    try administer("create database \(name) template polyrhythm")
    return url(of: name)
  }

  func drop(_ url: String) {
    guard let name = url.components(separatedBy: "@/").last?.prefix(while: { $0 != "?" }) else {
      return
    }
    try? administer("drop database if exists \(name) with (force)")
  }

  private func administer(_ sql: String) throws(WarehouseError) {
    try Connection(url: url(of: "postgres")).script(sql)
  }

  private func url(of database: String) -> String {
    info.url.replacingOccurrences(of: "@/polyrhythm?", with: "@/\(database)?")
  }
}
