import CLibPQ

/// Cancels whatever statement a connection is running, from any thread. Stays valid (and does
/// nothing) after the connection is gone.
///
/// Sendable by libpq's word: PQcancel only reads the handle, and may be called from other threads.
public final class Canceller: @unchecked Sendable {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) { self.handle = handle }

  deinit { PQfreeCancel(handle) }

  /// Asks the server to stop the statement; it then fails with SQLSTATE 57014. Nothing happens
  /// where none is running. Opens a connection of its own, so it may take a moment.
  /// - Throws: `.connection` where the request could not be delivered.
  public func cancel() throws(WarehouseError) {
    var words = [CChar](repeating: 0, count: 256)
    if PQcancel(handle, &words, Int32(words.count)) == 1 { return }
    let text = words.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    throw WarehouseError(
      .connection, "Cannot cancel the statement: \(ServerError.oneLine(text))", isRetriable: true)
  }
}
