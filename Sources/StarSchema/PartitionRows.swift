import EventLog
import Warehouse

extension Rows {
  /// The partition that a row's first two columns name: its topic and its number.
  /// - Throws: `.decoding` where they hold something else.
  public func source(_ row: Int) throws(WarehouseError) -> TopicPartition {
    TopicPartition(try text(row, 0), Int32(try int(row, 1)))
  }

  /// The third column by the partition that the first two name.
  /// - Throws: `.decoding` where the columns hold something else.
  public func offsets() throws(WarehouseError) -> [TopicPartition: Int64] {
    var offsets: [TopicPartition: Int64] = [:]
    for row in 0..<count { offsets[try source(row)] = try int(row, 2) }
    return offsets
  }
}
