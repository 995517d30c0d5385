/// A parameter of a statement. Values travel beside the SQL, never inside it.
public enum SQLValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// Bound as `bigint`.
  case int(Int64)
  /// Bound as `double precision`; NaN and infinities included.
  case double(Double)
  /// Bound without a type, as a quoted literal is: the server takes it from the context (so
  /// `$1` works for json, dates and enums too). U+0000, which PostgreSQL has no place for, becomes
  /// U+FFFD.
  case text(String)
  /// Bound as `bytea`.
  case bytes([UInt8])
  /// An instant, milliseconds since 1970-01-01 UTC, bound as `timestamptz`. Beyond what 64-bit
  /// microseconds hold it becomes ±infinity.
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

/// PostgreSQL's own epoch is 2000-01-01; its binary formats count from there.
@usableFromInline
enum PostgresEpoch {
  @usableFromInline static let milliseconds: Int64 = 946_684_800_000
  @usableFromInline static let days: Int32 = 10_957

  /// Milliseconds since 1970 as PostgreSQL's microseconds since 2000; out of range saturates, and
  /// the extremes mean ±infinity there.
  @inlinable @inline(__always)
  static func microseconds(fromMilliseconds milliseconds: Int64) -> Int64 {
    let (shifted, under) = milliseconds.subtractingReportingOverflow(Self.milliseconds)
    let (scaled, over) = shifted.multipliedReportingOverflow(by: 1000)
    if under || over { return milliseconds < 0 ? Int64.min : Int64.max }
    return scaled
  }

  /// Days since 1970 as PostgreSQL's days since 2000, saturating to ±infinity.
  @inlinable @inline(__always)
  static func days(fromDaysSince1970 days: Int32) -> Int32 {
    let (shifted, under) = days.subtractingReportingOverflow(Self.days)
    return under ? Int32.min : shifted
  }
}
