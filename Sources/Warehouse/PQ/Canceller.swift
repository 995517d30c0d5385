import CLibPQ

/// Cancels whatever statement a connection is running, from any thread. A canceller stays valid after the
/// connection is gone, and then does nothing.
///
/// Sendable, as libpq documents that PQcancel only reads the handle and may be called from other threads.
public final class Canceller: @unchecked Sendable {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) { self.handle = handle }

  deinit { PQfreeCancel(handle) }

  /// Asks the server to stop the statement, which then fails with SQLSTATE 57014. Nothing happens where no
  /// statement is running. The request goes over a connection of its own, so that it may take a moment.
  /// - Throws: `.connection` where the request could not be delivered.
  public func cancel() throws(WarehouseError) {
    var words = [CChar](repeating: 0, count: 256)
    if PQcancel(handle, &words, Int32(words.count)) == 1 { return }
    let text = words.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    throw WarehouseError(
      .connection, "Cannot cancel the statement: \(ServerError.oneLine(text))", isRetriable: true)
  }
}
