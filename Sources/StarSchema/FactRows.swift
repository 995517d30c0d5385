import EventModel
import Metrics
import Warehouse

/// Counted events as rows of the fact tables, each in the order of its `FactTable.columnsOfDay`: the table of a day knows
/// which day it is, and a table of several days gets rows that `dated` has completed.
public enum FactRows {
  /// Writes a row of `fact_listen`.
  /// - Parameters:
  ///   - hasPageView: whether the row stands for the play's page view too.
  ///   - texts: what the fact's numbers of texts stand for.
  public static func append(
    _ fact: ListenFact, hasPageView: Bool, texts: InternedTexts, to buffer: CopyBuffer
  ) {
    buffer.startRow(columns: 14)
    append(fact.keys, buffer)
    buffer.int64(fact.songKey)
    if fact.auth == 0 { buffer.null() } else { buffer.text(texts[fact.auth]) }
    if fact.level == 0 { buffer.null() } else { buffer.text(texts[fact.level]) }
    buffer.int32OrNull(fact.durationMs < 0 ? nil : fact.durationMs)
    ListenChangeRows.appendOutcome(fact, buffer)
    buffer.bool(hasPageView)
  }

  /// Writes a row of `fact_auth`.
  public static func append(auth event: Event, _ keys: FactKeys, to buffer: CopyBuffer) {
    buffer.startRow(columns: 9)
    append(keys, buffer)
    buffer.bool(event.success ?? false)
    buffer.textOrNull(event.level)
  }

  /// Writes a row of `fact_page_view`.
  /// - Parameter songKey: the song that the view names; 0 where there is none.
  public static func append(
    pageView event: Event, _ keys: FactKeys, songKey: Int64, _ credit: PageCredit,
    to buffer: CopyBuffer
  ) {
    buffer.startRow(columns: 15)
    append(keys, buffer)
    buffer.int64(songKey)
    buffer.bytes(event.page.buffer)
    buffer.textOrNull(event.method)
    buffer.int32OrNull(event.status)
    buffer.textOrNull(event.auth)
    buffer.textOrNull(event.level)
    if let counter = credit.engagement { buffer.text(counter.column) } else { buffer.null() }
    if credit.songKey == 0 { buffer.null() } else { buffer.int64(credit.songKey) }
  }

  /// Writes a row of `fact_page_view` for a page view that no play stands for, though one could.
  public static func append(_ view: ViewOfPlay, texts: InternedTexts, to buffer: CopyBuffer) {
    buffer.startRow(columns: 15)
    append(view.keys, buffer)
    buffer.int64(view.songKey)
    buffer.text("\(ViewOfPlay.page)")
    buffer.text("\(ViewOfPlay.method)")
    buffer.int32OrNull(ViewOfPlay.status)
    if view.auth == 0 { buffer.null() } else { buffer.text(texts[view.auth]) }
    if view.level == 0 { buffer.null() } else { buffer.text(texts[view.level]) }
    buffer.null()
    buffer.null()
  }

  /// The columns that all facts share.
  @inline(__always)
  private static func append(_ keys: FactKeys, _ buffer: CopyBuffer) {
    buffer.timestamp(milliseconds: keys.ts)
    buffer.int32(Int32(truncatingIfNeeded: keys.ts / 1000 % 86_400))
    buffer.int64(keys.userKey)
    buffer.int64(keys.locationKey)
    buffer.int64(keys.deviceKey)
    buffer.int64(keys.sessionId)
    buffer.int32(keys.itemInSession)
  }

  /// Rows of facts of one day, with the day's key in its place: in the order of `FactTable.columns`.
  /// - Parameters:
  ///   - rows: what `append` has written.
  ///   - dateKey: the day, yyyymmdd.
  public static func dated(_ rows: [UInt8], dateKey: Int32) -> [UInt8] {
    // A row is the number of its fields, and each field its length and its bytes; the first one is `ts`.
    let timeEnd = 2 + 4 + 8
    let date = [Int32(4), dateKey].flatMap { value in
      withUnsafeBytes(of: value.bigEndian, Array.init)
    }
    var dated: [UInt8] = []
    dated.reserveCapacity(rows.count + rows.count / 8)
    var start = 0
    rows.withUnsafeBytes { bytes in
      while start < bytes.count {
        let count = Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: Int16.self))
        var end = start + 2
        for _ in 0..<count {
          let length = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: end, as: Int32.self))
          end += 4 + max(0, Int(length))
        }
        withUnsafeBytes(of: (count + 1).bigEndian) { dated.append(contentsOf: $0) }
        dated.append(contentsOf: bytes[start + 2..<start + timeEnd])
        dated.append(contentsOf: date)
        dated.append(contentsOf: bytes[start + timeEnd..<end])
        start = end
      }
    }
    return dated
  }
}

/// Plays of earlier loads whose outcome has changed, as rows that find their facts.
public enum ListenChangeRows {
  /// The columns in the order in which `append` writes them.
  public static let columns = [
    "ts", "user_key", "session_id", "item_in_session", "listened_ms", "outcome",
  ]

  /// Writes one row.
  public static func append(_ fact: ListenFact, to buffer: CopyBuffer) {
    buffer.startRow(columns: 6)
    buffer.timestamp(milliseconds: fact.keys.ts)
    buffer.int64(fact.keys.userKey)
    buffer.int64(fact.keys.sessionId)
    buffer.int32(fact.keys.itemInSession)
    appendOutcome(fact, buffer)
  }

  /// `listened_ms` and `outcome`; both are null while the play is open.
  @inline(__always)
  fileprivate static func appendOutcome(_ fact: ListenFact, _ buffer: CopyBuffer) {
    guard let text = fact.outcome.text else {
      buffer.null()
      buffer.null()
      return
    }
    buffer.int32(fact.listenedMs)
    buffer.text(text)
  }
}

/// Page views that are credited to another song than their facts say, as rows that find their facts.
public enum CreditChangeRows {
  /// The columns in the order in which `append` writes them.
  public static let columns = [
    "ts", "user_key", "session_id", "item_in_session", "credited_song_key",
  ]

  /// Writes one row.
  /// - Parameter songKey: 0 where the view is credited to no song any more.
  public static func append(_ keys: FactKeys, songKey: Int64, to buffer: CopyBuffer) {
    buffer.startRow(columns: 5)
    buffer.timestamp(milliseconds: keys.ts)
    buffer.int64(keys.userKey)
    buffer.int64(keys.sessionId)
    buffer.int32(keys.itemInSession)
    if songKey == 0 { buffer.null() } else { buffer.int64(songKey) }
  }
}

/// When each state of a user was first and last seen, as rows.
public enum UserSeenRows {
  /// The columns in the order in which `append` writes them.
  public static let columns = ["user_key", "first_seen", "last_seen"]

  /// Writes one row.
  /// - Parameters:
  ///   - first: event time, milliseconds since 1970-01-01 UTC.
  ///   - last: likewise.
  public static func append(userKey: Int64, first: Int64, last: Int64, to buffer: CopyBuffer) {
    buffer.startRow(columns: 3)
    buffer.int64(userKey)
    buffer.timestamp(milliseconds: first)
    buffer.timestamp(milliseconds: last)
  }
}
