import EventLog
import Feed
import Metrics
import Warehouse

/// What the database keeps for the kernels of both layers beside the committed offsets: the events that
/// were counted ahead of the crowd, and the places that a partition can be read again from.
public struct KernelMemory {
  private let connection: Connection
  private let library: SQLLibrary
  private let schema: String

  /// - Parameters:
  ///   - connection: runs all statements, in its present transaction where it has one.
  ///   - schema: `batch`, which has what is published, or `shadow`, which has what a full load will publish.
  public init(connection: Connection, library: SQLLibrary, schema: String = "batch") {
    self.connection = connection
    self.library = library
    self.schema = schema
  }

  private func sql(_ name: String) throws(WarehouseError) -> String {
    try library.sql("kernel/\(name)", ["schema": schema])
  }

  /// The events that loads have counted ahead of the crowd, by the partition that they came in.
  /// - Parameter sinceLoads: whether to add the events that the speed layer has counted outside the window
  ///   since the last load.
  /// - Throws: `WarehouseError` where the server does not answer the query.
  public func readAhead(sinceLoads: Bool = false) throws(WarehouseError)
    -> [TopicPartition: [CountedAhead]]
  {
    let rows = try connection.run(
      sinceLoads ? library.sql("speed/read_counted_ahead") : sql("read_counted_ahead"))
    var ahead: [TopicPartition: [CountedAhead]] = [:]
    for row in 0..<rows.count {
      let source = try rows.source(row)
      ahead[source, default: []].append(
        CountedAhead(identity: try rows.int(row, 2), ts: try rows.int(row, 3)))
    }
    return ahead
  }

  /// The last known place of a partition such that every record in the window with a time of `timestamp`
  /// (milliseconds since 1970) or later lies at it or after it; nil where only the log's start is known.
  /// - Throws: `.decoding` for a stored watermark that is none, and errors of the server.
  public func replayPoint(_ source: TopicPartition, before timestamp: Int64)
    throws(WarehouseError) -> ReplayPoint?
  {
    let rows = try connection.run(
      sql("replay_point_before"),
      [.text(source.topic), .int(Int64(source.partition)), .int(timestamp)])
    guard rows.count > 0 else { return nil }
    let stored = try rows.text(0, 1)
    guard let watermark = Watermark(stored: stored) else {
      throw WarehouseError(.decoding, "batch.replay_point.watermark is not a watermark: \(stored)")
    }
    return ReplayPoint(offset: try rows.int(0, 0), watermark: watermark)
  }

  /// Adds places that partitions can be read again from. The rows are written in order of the partition,
  /// so that two transactions that write places cannot wait for each other in a circle.
  /// - Throws: `WarehouseError` where the server refuses a statement.
  public func save(_ points: [TopicPartition: [ReplayPoint]]) throws(WarehouseError) {
    let all = points.sorted { $0.key < $1.key }.flatMap { source, points in
      points.map { (source, $0) }
    }
    guard !all.isEmpty else { return }
    _ = try connection.run(
      sql("add_replay_points"),
      [
        .textArray(all.map(\.0.topic)), .intArray(all.map { Int64($0.0.partition) }),
        .intArray(all.map(\.1.offset)), .textArray(all.map(\.1.watermark.stored)),
        .intArray(all.map(\.1.watermark.farthest)),
      ])
  }

  /// Replaces the events that loads have counted ahead of the crowd by `ahead`. Call it in the transaction
  /// that publishes the load, so that these events change together with the facts.
  /// - Throws: `WarehouseError` where the server refuses a statement.
  public func replaceAhead(_ ahead: [TopicPartition: [CountedAhead]]) throws(WarehouseError) {
    let all = ahead.flatMap { source, events in events.map { (source, $0) } }
    let keys: [SQLValue] = [
      .textArray(all.map(\.0.topic)), .intArray(all.map { Int64($0.0.partition) }),
      .intArray(all.map(\.1.identity)),
    ]
    _ = try connection.run(sql("forget_counted_ahead"), keys)
    guard !all.isEmpty else { return }
    _ = try connection.run(
      sql("add_counted_ahead"), keys + [.intArray(all.map(\.1.ts))])
  }
}
