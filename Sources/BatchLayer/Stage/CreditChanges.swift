import Metrics
import StarSchema
import Warehouse

/// The page views of a load whose credit has moved to another song after their facts were written: those that name no
/// song, where a listen came late. They are few, and of each only the last change counts.
struct CreditChanges {
  private struct View: Hashable {
    var ts, user, session: Int64
    var item: Int32
  }

  private var songs: [View: (keys: FactKeys, song: Int64)] = [:]
  /// From the first to the last of the views, milliseconds since 1970; nil where there are none.
  private(set) var span: ClosedRange<Int64>?

  /// Notes that a page view is credited to this song now; 0 for none.
  mutating func note(_ keys: FactKeys, songKey: Int64) {
    let view = View(
      ts: keys.ts, user: keys.userKey, session: keys.sessionId, item: keys.itemInSession)
    songs[view] = (keys, songKey)
    span = EventSpans.including(keys.ts, span)
  }

  /// Takes the changes noted since the last call, as rows.
  mutating func rows() -> CopyBuffer {
    let buffer = CopyBuffer(capacity: 1 << 10)
    for (keys, song) in songs.values { CreditChangeRows.append(keys, songKey: song, to: buffer) }
    songs = [:]
    return buffer
  }
}
