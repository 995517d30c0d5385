/// A parameter of a statement. Values are sent beside the SQL text and are never part of it.
public enum SQLValue: Sendable, Equatable {
  /// NULL, without a type: the server takes the type from the context.
  case null
  /// Bound as `boolean`.
  case bool(Bool)
  /// Bound as `bigint`.
  case int(Int64)
  /// Bound as `double precision`; NaN and infinities included.
  case double(Double)
  /// Bound without a type, like a quoted literal: the server takes the type from the context, so that `$1`
  /// works for json, dates and enums too. U+0000, which PostgreSQL's text cannot hold, becomes U+FFFD.
  case text(String)
  /// Bound as `bytea`.
  case bytes([UInt8])
  /// An instant, milliseconds since 1970-01-01 UTC, bound as `timestamptz`. An instant whose microseconds do
  /// not fit 64 bits becomes ±infinity.
  case timestamp(milliseconds: Int64)
  /// Days since 1970-01-01, bound as `date`.
  case date(daysSince1970: Int32)
  /// Bound as `bigint[]`.
  case intArray([Int64])
  /// Bound as `text[]`; U+0000 becomes U+FFFD.
  case textArray([String])
  /// Bound as `bytea[]`.
  case bytesArray([[UInt8]])
}

/// PostgreSQL's epoch, 2000-01-01, from which its binary formats count.
@usableFromInline
enum PostgresEpoch {
  @usableFromInline static let milliseconds: Int64 = 946_684_800_000
  @usableFromInline static let days: Int32 = 10_957

  /// Milliseconds since 1970 as PostgreSQL's microseconds since 2000. Values out of range become the
  /// extremes of 64 bits, which mean ±infinity to PostgreSQL.
  @inlinable @inline(__always)
  static func microseconds(fromMilliseconds milliseconds: Int64) -> Int64 {
    let (shifted, under) = milliseconds.subtractingReportingOverflow(Self.milliseconds)
    let (scaled, over) = shifted.multipliedReportingOverflow(by: 1000)
    if under || over { return milliseconds < 0 ? Int64.min : Int64.max }
    return scaled
  }

  /// Days since 1970 as PostgreSQL's days since 2000. Days out of range become the least integer, which means
  /// -infinity to PostgreSQL.
  @inlinable @inline(__always)
  static func days(fromDaysSince1970 days: Int32) -> Int32 {
    let (shifted, under) = days.subtractingReportingOverflow(Self.days)
    return under ? Int32.min : shifted
  }
}
