import EventLog
import Feed
import Metrics
import Warehouse

/// What the database keeps for the kernels of either layer beyond the offsets to read from.
public struct KernelMemory {
  private let connection: Connection
  private let library: SQLLibrary

  public init(connection: Connection, library: SQLLibrary) {
    self.connection = connection
    self.library = library
  }

  /// The loaded events that were counted ahead of the crowd.
  /// - Parameter sinceLoads: with those that the speed layer has counted outside the window since.
  public func readAhead(sinceLoads: Bool = false) throws(WarehouseError)
    -> [TopicPartition: [CountedAhead]]
  {
    let name = sinceLoads ? "speed/read_counted_ahead" : "kernel/read_counted_ahead"
    let rows = try connection.run(library.sql(name))
    var ahead: [TopicPartition: [CountedAhead]] = [:]
    for row in 0..<rows.count {
      let source = TopicPartition(try rows.text(row, 0), Int32(try rows.int(row, 1)))
      ahead[source, default: []].append(
        CountedAhead(identity: try rows.int(row, 2), ts: try rows.int(row, 3)))
    }
    return ahead
  }

  /// Makes `ahead` the loaded events that were counted ahead. Call in the publishing transaction.
  public func replaceAhead(_ ahead: [TopicPartition: [CountedAhead]]) throws(WarehouseError) {
    let all = ahead.flatMap { source, events in events.map { (source, $0) } }
    let keys: [SQLValue] = [
      .textArray(all.map(\.0.topic)), .intArray(all.map { Int64($0.0.partition) }),
      .intArray(all.map(\.1.identity)),
    ]
    _ = try connection.run(library.sql("kernel/forget_counted_ahead"), keys)
    guard !all.isEmpty else { return }
    _ = try connection.run(
      library.sql("kernel/add_counted_ahead"), keys + [.intArray(all.map(\.1.ts))])
  }
}
