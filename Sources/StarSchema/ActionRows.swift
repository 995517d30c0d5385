import EventModel
import Metrics
import Warehouse

/// Page views and logins of the present as rows of `speed.action`, until a load makes facts of them.
public final class ActionRows: ActionSink {
  /// The columns in the order in which rows are written.
  public static let columns = [
    "ts", "user_key", "location_key", "device_key", "session_id", "level", "page", "method",
    "status", "auth", "success",
  ]

  /// The rows since the buffer was last emptied.
  public let buffer = CopyBuffer()

  /// What is earlier gets no row: nobody asks for the seconds of a backlog. Milliseconds since 1970.
  public var since = Int64.min

  /// No rows.
  public init() {}

  /// Writes one row.
  public func viewed(_ keys: FactKeys, _ event: Event) {
    guard keys.ts >= since else { return }
    start(keys, event)
    buffer.bytes(event.page.buffer)
    buffer.textOrNull(event.method)
    buffer.int32OrNull(event.status)
    buffer.textOrNull(event.auth)
    buffer.null()
  }

  /// Writes one row.
  public func loggedIn(_ keys: FactKeys, _ event: Event) {
    guard keys.ts >= since else { return }
    start(keys, event)
    buffer.null()
    buffer.null()
    buffer.null()
    buffer.null()
    buffer.bool(event.success ?? false)
  }

  private func start(_ keys: FactKeys, _ event: Event) {
    buffer.startRow(columns: 11)
    buffer.event(keys)
    buffer.textOrNull(event.level)
  }
}
