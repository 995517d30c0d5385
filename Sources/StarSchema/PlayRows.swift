import EventModel
import Metrics
import Warehouse

/// Plays that have started as rows of `speed.play`, until a load makes facts of them.
public final class PlayRows: PlaySink {
  /// The columns in the order in which rows are written.
  public static let columns = [
    "ts", "user_key", "location_key", "device_key", "session_id", "item_in_session", "song_key",
    "level", "duration_ms",
  ]

  /// The rows since the buffer was last emptied.
  public let buffer = CopyBuffer()

  /// No rows.
  public init() {}

  /// Writes one row.
  public func started(_ keys: FactKeys, songKey: Int64, durationMs: Int64?, _ event: Event) {
    buffer.startRow(columns: 9)
    buffer.event(keys)
    buffer.int32(keys.itemInSession)
    buffer.int64(songKey)
    buffer.textOrNull(event.level)
    buffer.int32OrNull(durationMs.map { Int32(clamping: $0) })
  }
}
