import Glibc

/// Rows in PostgreSQL's binary COPY format, built in raw memory that is reused from batch to batch.
///
/// A row is `startRow(columns:)` and then exactly that many fields, in the order of the columns
/// that the COPY names. Each field must have the column's own type: the server converts nothing
/// (`int32` into a `bigint` column is an error). `CopyStream` sends the file's header and trailer.
///
/// Format: PostgreSQL manual, COPY, "Binary Format". A row is a 16-bit field count; a field is a
/// 32-bit length (-1 for NULL) and the value, all big-endian.
///
/// Not shared between threads.
public final class CopyBuffer {
  /// The memory: `capacity` bytes, of which the first `used` are written.
  @exclusivity(unchecked) @usableFromInline var base: UnsafeMutableRawPointer
  @exclusivity(unchecked) @usableFromInline var capacity: Int
  @exclusivity(unchecked) @usableFromInline var used = 0
  @exclusivity(unchecked) @usableFromInline var rows = 0
  /// Fields that the last row still lacks; counted only where assertions are on.
  @exclusivity(unchecked) @usableFromInline var fieldsMissing = 0

  /// - Parameter capacity: bytes to start with; the memory doubles whenever it is full.
  public init(capacity: Int = 1 << 16) {
    self.capacity = max(capacity, 64)
    base = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  /// Rows started since the last `removeAll`.
  @inlinable public var rowCount: Int { rows }

  /// Bytes written since the last `removeAll`.
  @inlinable public var byteCount: Int { used }

  /// The encoded rows; valid until the next call that writes or removes.
  @inlinable public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: used)
  }

  /// Forgets the rows and keeps the memory.
  @inlinable public func removeAll() {
    used = 0
    rows = 0
    fieldsMissing = 0
  }

  /// Begins a row of `columns` fields (0 to 1600, as many as a table can have).
  @inlinable @inline(__always)
  public func startRow(columns: Int) {
    assert(fieldsMissing == 0, "the row before lacks fields")
    assert(setFieldsMissing(columns))
    reserve(2)
    put(Int16(truncatingIfNeeded: columns))
    rows &+= 1
  }

  /// A NULL of any type.
  @inlinable @inline(__always)
  public func null() {
    assert(countField())
    reserve(4)
    put(Int32(-1))
  }

  /// A `smallint`.
  @inlinable @inline(__always)
  public func int16(_ value: Int16) { field(value, byteCount: 2) }

  /// An `integer`.
  @inlinable @inline(__always)
  public func int32(_ value: Int32) { field(value, byteCount: 4) }

  /// A `bigint`.
  @inlinable @inline(__always)
  public func int64(_ value: Int64) { field(value, byteCount: 8) }

  /// A `double precision`, any bit pattern.
  @inlinable @inline(__always)
  public func double(_ value: Double) {
    field(Int64(bitPattern: value.bitPattern), byteCount: 8)
  }

  /// A `real`.
  @inlinable @inline(__always)
  public func float(_ value: Float) { field(Int32(bitPattern: value.bitPattern), byteCount: 4) }

  /// A `boolean`.
  @inlinable @inline(__always)
  public func bool(_ value: Bool) { field(value ? Int8(1) : 0, byteCount: 1) }

  /// A `timestamptz` (or a `timestamp`, which then is in UTC). A time whose microseconds do not fit 64 bits
  /// becomes ±infinity.
  /// - Parameter milliseconds: since 1970-01-01 UTC.
  @inlinable @inline(__always)
  public func timestamp(milliseconds: Int64) {
    field(PostgresEpoch.microseconds(fromMilliseconds: milliseconds), byteCount: 8)
  }

  /// A `date`.
  @inlinable @inline(__always)
  public func date(daysSince1970 days: Int32) {
    field(PostgresEpoch.days(fromDaysSince1970: days), byteCount: 4)
  }

  /// A `text[]` of one dimension.
  public func texts(_ values: [String]) {
    let count = values.reduce(20) { $0 + 4 + $1.utf8.count }
    var rest = bytes(count: count)
    func put(_ value: Int32) {
      rest.storeBytes(of: value.bigEndian, as: Int32.self)
      rest = UnsafeMutableRawBufferPointer(rebasing: rest[4...])
    }
    put(1)
    put(0)
    // The type of the elements: 25 is text in every PostgreSQL.
    put(25)
    put(Int32(values.count))
    put(1)
    for value in values {
      put(Int32(value.utf8.count))
      rest.copyBytes(from: value.utf8)
      rest = UnsafeMutableRawBufferPointer(rebasing: rest[value.utf8.count...])
    }
  }

  /// Several `bigint` fields, one after the other, such as the counters of a rollup.
  @inlinable @inline(__always)
  public func int64s(_ values: UnsafeBufferPointer<Int64>) {
    reserve(values.count &* 12)
    for value in values {
      assert(countField())
      put(Int32(8))
      put(value)
    }
  }

  /// A `smallint`, or NULL for nil.
  @inlinable @inline(__always)
  public func int16OrNull(_ value: Int16?) { if let value { int16(value) } else { null() } }

  /// An `integer`, or NULL for nil.
  @inlinable @inline(__always)
  public func int32OrNull(_ value: Int32?) { if let value { int32(value) } else { null() } }

  /// A `bigint`, or NULL for nil.
  @inlinable @inline(__always)
  public func int64OrNull(_ value: Int64?) { if let value { int64(value) } else { null() } }

  /// A `double precision`, or NULL for nil.
  @inlinable @inline(__always)
  public func doubleOrNull(_ value: Double?) { if let value { double(value) } else { null() } }

  /// A `boolean`, or NULL for nil.
  @inlinable @inline(__always)
  public func boolOrNull(_ value: Bool?) { if let value { bool(value) } else { null() } }

  /// A `text`, `varchar`, enum or `json` from UTF-8 bytes. Each NUL becomes U+FFFD, as PostgreSQL's text cannot
  /// hold NUL. Bytes that are not UTF-8 make the server refuse the COPY.
  @inlinable
  public func text(_ utf8: UnsafeBufferPointer<UInt8>) {
    if let start = utf8.baseAddress, utf8.count > 0, memchr(start, 0, utf8.count) != nil {
      return textReplacingNul(utf8)
    }
    bytes(UnsafeRawBufferPointer(utf8))
  }

  /// A `text`, `varchar`, enum or `json` from a string. Each NUL becomes U+FFFD.
  @inlinable
  public func text(_ string: String) {
    var string = string
    string.withUTF8 { text($0) }
  }

  /// A `text`, or NULL where there are no bytes.
  @inlinable @inline(__always)
  public func textOrNull(_ utf8: UnsafeBufferPointer<UInt8>) {
    if utf8.isEmpty { null() } else { text(utf8) }
  }

  /// A `bytea`, or a value of any type whose binary form the caller has, such as an `hll`. At most 1 GB, which
  /// is PostgreSQL's own limit for a value.
  @inlinable @inline(__always)
  public func bytes(_ value: UnsafeRawBufferPointer) {
    assert(countField())
    reserve(4 &+ value.count)
    put(Int32(truncatingIfNeeded: value.count))
    if let start = value.baseAddress {
      (base + used).copyMemory(from: start, byteCount: value.count)
      used &+= value.count
    }
  }

  /// A `bytea`, or a value of any type whose binary form the caller has. At most 1 GB.
  @inlinable
  public func bytes(_ value: UnsafeBufferPointer<UInt8>) { bytes(UnsafeRawBufferPointer(value)) }

  /// A `bytea`, or a value of any type whose binary form the caller has. At most 1 GB.
  @inlinable
  public func bytes(_ value: [UInt8]) { value.withUnsafeBytes { bytes($0) } }

  /// A `bytea`, or a value of any type whose binary form the caller writes into the memory that this returns, before
  /// it calls the buffer again. At most 1 GB.
  @inlinable @inline(__always)
  public func bytes(count: Int) -> UnsafeMutableRawBufferPointer {
    assert(countField())
    reserve(4 &+ count)
    put(Int32(truncatingIfNeeded: count))
    defer { used &+= count }
    return UnsafeMutableRawBufferPointer(start: base + used, count: count)
  }

  /// Writes several fields after one look whether there is room for them.
  /// - Parameters:
  ///   - count: how many fields `body` writes.
  ///   - bytes: as many as a field needs at most, with its length.
  @inlinable @inline(__always)
  public func fields(_ count: Int, bytes: Int, _ body: (inout Cursor) -> Void) {
    for _ in 0..<count { assert(countField()) }
    reserve(count &* bytes)
    var cursor = Cursor(base + used)
    body(&cursor)
    assert(cursor.at - base - used <= count * bytes, "fields beyond the room that was asked for")
    used = cursor.at - base
  }

  /// Where the next of several fields goes.
  public struct Cursor {
    @usableFromInline var at: UnsafeMutableRawPointer

    @inlinable init(_ at: UnsafeMutableRawPointer) { self.at = at }

    /// An `integer`, or NULL for 0.
    @inlinable @inline(__always)
    public mutating func int32OrNullForZero(_ value: Int32) {
      if value == 0 { return null() }
      at.storeBytes(of: Int32(4).bigEndian, as: Int32.self)
      at.storeBytes(of: value.bigEndian, toByteOffset: 4, as: Int32.self)
      at += 8
    }

    /// A `bigint`, or NULL for 0.
    @inlinable @inline(__always)
    public mutating func int64OrNullForZero(_ value: Int64) {
      if value == 0 { return null() }
      at.storeBytes(of: Int32(8).bigEndian, as: Int32.self)
      at.storeBytes(of: value.bigEndian, toByteOffset: 4, as: Int64.self)
      at += 12
    }

    @inlinable @inline(__always)
    mutating func null() {
      at.storeBytes(of: Int32(-1), as: Int32.self)
      at += 4
    }
  }

  // MARK: Below the fields

  @inlinable @inline(__always)
  func field<T: FixedWidthInteger>(_ value: T, byteCount: Int) {
    assert(countField())
    reserve(4 &+ byteCount)
    put(Int32(truncatingIfNeeded: byteCount))
    put(value)
  }

  /// Writes without checking for room, which the caller has reserved.
  @inlinable @inline(__always)
  func put<T: FixedWidthInteger>(_ value: T) {
    (base + used).storeBytes(of: value.bigEndian, as: T.self)
    used &+= MemoryLayout<T>.size
  }

  @inlinable @inline(__always)
  func reserve(_ count: Int) {
    if capacity &- used < count { grow(count) }
  }

  @usableFromInline @inline(never)
  func grow(_ count: Int) {
    let larger = max(capacity * 2, used + count)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    moved.copyMemory(from: base, byteCount: used)
    base.deallocate()
    base = moved
    capacity = larger
  }

  @usableFromInline
  func textReplacingNul(_ utf8: UnsafeBufferPointer<UInt8>) {
    var clean: [UInt8] = []
    clean.reserveCapacity(utf8.count + 8)
    for byte in utf8 {
      if byte == 0 { clean += [0xEF, 0xBF, 0xBD] } else { clean.append(byte) }
    }
    bytes(clean)
  }

  @usableFromInline
  func setFieldsMissing(_ count: Int) -> Bool {
    fieldsMissing = count
    return true
  }

  /// - Returns: false where the row has more fields than `startRow` was told.
  @usableFromInline
  func countField() -> Bool {
    fieldsMissing -= 1
    return fieldsMissing >= 0
  }
}
