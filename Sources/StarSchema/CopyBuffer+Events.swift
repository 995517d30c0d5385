import EventModel
import Metrics
import Warehouse

/// What rows of events have in common, whatever table they are of.
extension CopyBuffer {
  /// Text of an event; null where it is empty. Text and bytes travel alike; a decoded text has no NUL to look for.
  @inline(__always)
  func textOrNull(_ slice: ByteSlice) {
    if slice.isEmpty { null() } else { bytes(slice.buffer) }
  }

  /// When, who, where, on what and in which session: the first columns of the speed layer's rows of single events.
  @inline(__always)
  func event(_ keys: FactKeys) {
    timestamp(milliseconds: keys.ts)
    int64(keys.userKey)
    int64(keys.locationKey)
    int64(keys.deviceKey)
    int64(keys.sessionId)
  }
}
