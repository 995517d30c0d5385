import CLibPQ

/// The parameters of one statement in the form in which libpq takes them: one arena of encoded values, and
/// the type, place, length and format of each value.
struct BoundParameters {
  private var types: [Oid] = []
  private var formats: [Int32] = []
  private var lengths: [Int32] = []
  /// Where each value starts in `arena`; -1 for NULL.
  private var starts: [Int] = []
  private var arena: [UInt8] = []

  /// pg_type.oid of the built-in types; fixed by PostgreSQL forever.
  private enum TypeID {
    static let unknown: Oid = 0
    static let bool: Oid = 16
    static let bytea: Oid = 17
    static let int8: Oid = 20
    static let text: Oid = 25
    static let float8: Oid = 701
    static let byteaArray: Oid = 1001
    static let textArray: Oid = 1009
    static let int8Array: Oid = 1016
    static let date: Oid = 1082
    static let timestamptz: Oid = 1184
  }

  init(_ values: [SQLValue]) {
    for value in values { append(value) }
  }

  var count: Int32 { Int32(types.count) }

  /// Lends the arrays to libpq for the length of `body`.
  func withArrays<R>(
    _ body: (
      _ types: UnsafePointer<Oid>?, _ values: UnsafePointer<UnsafePointer<CChar>?>?,
      _ lengths: UnsafePointer<Int32>?, _ formats: UnsafePointer<Int32>?
    ) -> R
  ) -> R {
    arena.withUnsafeBytes { raw in
      let base = raw.baseAddress?.assumingMemoryBound(to: CChar.self)
      let pointers = starts.map { start in start < 0 ? nil : base.map { $0 + start } }
      return pointers.withUnsafeBufferPointer { values in
        body(types, values.baseAddress, lengths, formats)
      }
    }
  }

  private mutating func append(_ value: SQLValue) {
    let start = arena.count
    var type = TypeID.unknown
    var isBinary = true
    switch value {
    case .null:
      types.append(TypeID.unknown)
      formats.append(0)
      lengths.append(0)
      starts.append(-1)
      return
    case .bool(let flag):
      type = TypeID.bool
      arena.append(flag ? 1 : 0)
    case .int(let number):
      type = TypeID.int8
      put(number)
    case .double(let number):
      type = TypeID.float8
      put(number.bitPattern)
    case .text(let string):
      isBinary = false
      putText(string)
      arena.append(0)
    case .bytes(let bytes):
      type = TypeID.bytea
      arena += bytes
      // libpq takes a null pointer for NULL, and an empty arena has no address.
      if bytes.isEmpty { arena.append(0) }
    case .timestamp(let milliseconds):
      type = TypeID.timestamptz
      put(PostgresEpoch.microseconds(fromMilliseconds: milliseconds))
    case .date(let days):
      type = TypeID.date
      put(PostgresEpoch.days(fromDaysSince1970: days))
    case .intArray(let numbers):
      type = TypeID.int8Array
      putArrayHead(of: TypeID.int8, count: numbers.count)
      for number in numbers {
        put(Int32(8))
        put(number)
      }
    case .textArray(let strings):
      type = TypeID.textArray
      putArrayHead(of: TypeID.text, count: strings.count)
      for string in strings { putSized { $0.putText(string) } }
    case .bytesArray(let items):
      type = TypeID.byteaArray
      putArrayHead(of: TypeID.bytea, count: items.count)
      for item in items { putSized { $0.arena += item } }
    }
    let length: Int
    if case .bytes(let bytes) = value { length = bytes.count } else { length = arena.count - start }
    types.append(type)
    formats.append(isBinary ? 1 : 0)
    lengths.append(Int32(clamping: length))
    starts.append(start)
  }

  private mutating func put<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.bigEndian) { arena += $0 }
  }

  private mutating func putText(_ string: String) {
    for byte in string.utf8 {
      if byte == 0 { arena += [0xEF, 0xBF, 0xBD] } else { arena.append(byte) }
    }
  }

  private mutating func putSized(_ write: (inout BoundParameters) -> Void) {
    let place = arena.count
    put(Int32(0))
    write(&self)
    let length = Int32(clamping: arena.count - place - 4).bigEndian
    withUnsafeBytes(of: length) { arena.replaceSubrange(place..<(place + 4), with: $0) }
  }

  /// Writes the head of an array: one dimension from index 1, or no dimension where the array is empty.
  private mutating func putArrayHead(of element: Oid, count: Int) {
    put(Int32(count == 0 ? 0 : 1))
    put(Int32(0))
    put(element)
    if count > 0 {
      put(Int32(clamping: count))
      put(Int32(1))
    }
  }
}
