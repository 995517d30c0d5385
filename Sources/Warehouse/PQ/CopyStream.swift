import CLibPQ

/// A COPY under way. It ends with `finish` or `abort`; a stream that is dropped before that aborts.
public final class CopyStream {
  private let connection: Connection
  private let statement: String
  private var isOpen = true
  /// Bytes to send before the next rows.
  private var pending: [UInt8]

  /// Bytes of one CopyData message: large enough to make calls rare, small enough that libpq's own buffer stays
  /// small.
  private static let chunkBytes = 256 << 10

  /// The file's header: signature, flags, and an empty header extension. The trailer is a field count of -1.
  private static let header: [UInt8] =
    Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
  private static let trailer: [UInt8] = [0xFF, 0xFF]

  init(_ connection: Connection, statement: String) {
    self.connection = connection
    self.statement = statement
    pending = Self.header
  }

  deinit { abort() }

  /// Sends the buffer's rows. An error that the server finds in them is thrown by `finish`.
  /// - Throws: `.connection` where the connection is lost; `.statement` after the COPY has ended.
  public func send(_ buffer: CopyBuffer) throws(WarehouseError) {
    try sendPending()
    try put(buffer.bytes)
  }

  /// Sends rows that another thread has encoded: a copy of `CopyBuffer.bytes` of that thread's buffer.
  /// - Throws: as `send(_:)`.
  public func send(rows: [UInt8]) throws(WarehouseError) {
    try sendPending()
    try rows.withUnsafeBufferPointer { bytes throws(WarehouseError) in
      try put(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Ends the COPY.
  /// - Returns: the number of rows that the server took.
  /// - Throws: also what the server had against rows that were sent before; then no row is in the table.
  @discardableResult
  public func finish() throws(WarehouseError) -> Int64 {
    pending += Self.trailer
    try sendPending()
    isOpen = false
    guard PQputCopyEnd(connection.handle, nil) == 1 else { throw connection.lastError(statement) }
    return try drain()
  }

  /// Gives the COPY up, so that none of its rows is in the table. Does nothing after `finish`.
  public func abort() {
    guard isOpen else { return }
    isOpen = false
    PQputCopyEnd(connection.handle, "given up by the sender")
    connection.discardResults()
  }

  private func sendPending() throws(WarehouseError) {
    guard !pending.isEmpty else { return }
    let bytes = pending
    pending = []
    try bytes.withUnsafeBufferPointer { bytes throws(WarehouseError) in
      try put(UnsafeRawBufferPointer(bytes))
    }
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws(WarehouseError) {
    guard isOpen else {
      throw WarehouseError(.statement, "The COPY has ended already (in: \(statement))")
    }
    guard let start = bytes.baseAddress else { return }
    var sent = 0
    while sent < bytes.count {
      let length = min(bytes.count - sent, Self.chunkBytes)
      let chunk = (start + sent).assumingMemoryBound(to: CChar.self)
      guard PQputCopyData(connection.handle, chunk, Int32(length)) == 1 else {
        let error = connection.lastError(statement)
        abort()
        throw error
      }
      sent += length
    }
  }

  /// Takes all remaining results, and throws the first error among them.
  private func drain() throws(WarehouseError) -> Int64 {
    var affected: Int64 = 0
    while let result = PQgetResult(connection.handle) {
      do throws(WarehouseError) {
        affected = max(affected, try connection.rows(of: result, statement: statement).affected)
      } catch {
        connection.discardResults()
        throw error
      }
    }
    return affected
  }
}
