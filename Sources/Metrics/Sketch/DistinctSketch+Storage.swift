/// The storage format: a header of three bytes (version and type; register width and log2m; whether
/// sparse is on, and the explicit threshold), then by type
///
/// | type | data |
/// |---|---|
/// | 1 empty | none |
/// | 2 explicit | the hashes as signed 64-bit big-endian integers, ascending |
/// | 3 sparse | for each register that is not 0, ascending: 12 bits of index, 5 bits of value |
/// | 4 full | all 4096 registers, 5 bits each |
///
/// Bits fill bytes from the top; the last byte is padded with 0. Registers are written sparse where
/// that takes fewer bits than full, which is up to 1204 of them.
extension DistinctSketch {
  @usableFromInline
  enum StorageType: UInt8 {
    case undefined, empty, explicit, sparse, full
  }

  @inlinable static var headerCount: Int { 3 }
  @inlinable static var schemaVersion: UInt8 { 1 }
  @inlinable static var parameterByte: UInt8 { UInt8((registerWidth - 1) << 5 | log2m) }
  /// Sparse on; explicit threshold 63, which stands for auto.
  @inlinable static var cutoffByte: UInt8 { 1 << 6 | 63 }
  private static let sparseWordWidth = log2m + registerWidth
  private static let fullCount = headerCount + registerCount * registerWidth / 8

  /// Bytes. No sketch is stored in more than this.
  public static let maxSerializedCount = max(headerCount + explicitMax * 8, fullCount)

  /// The size of the stored form in bytes: 3 for no value, 11 for one, at most `maxSerializedCount`.
  public var serializedCount: Int { Layout(self).count }

  /// Calls `body` with the stored form, which is the binary representation of a value of SQL type
  /// `hll`, valid during the call. Allocates nothing for up to 127 values, whose form takes at most 1 kB.
  @inlinable
  public func withSerialized<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    if isSingle {
      // Most sketches hold one value. The size is a constant, so that the buffer is a slot on the stack.
      return try withUnsafeTemporaryAllocation(byteCount: Self.singleCount, alignment: 1) {
        writeSingle(to: $0)
        return try body(UnsafeRawBufferPointer($0))
      }
    }
    let layout = Layout(self)
    return try withUnsafeTemporaryAllocation(byteCount: layout.count, alignment: 1) {
      write(layout, to: $0)
      return try body(UnsafeRawBufferPointer($0))
    }
  }

  /// Appends the stored form.
  public func append(to bytes: inout [UInt8]) {
    withSerialized { bytes.append(contentsOf: $0) }
  }

  /// The stored form as an array of its own.
  public var serialized: [UInt8] { withSerialized { Array($0) } }

  /// Reads bytes that `withSerialized` or the extension wrote.
  ///
  /// - Throws: `SketchError` where the bytes are not a sketch of schema version 1 with our
  ///   parameters, in the one form that the extension writes: ascending, without repetitions.
  public init(serialized bytes: UnsafeRawBufferPointer) throws(SketchError) {
    guard bytes.count >= Self.headerCount else { throw .truncated(count: bytes.count) }
    guard bytes[0] >> 4 == Self.schemaVersion else { throw .version(Int(bytes[0] >> 4)) }
    guard bytes[1] == Self.parameterByte, bytes[2] == Self.cutoffByte else {
      throw .parameters(bytes[1], bytes[2])
    }
    let data = UnsafeRawBufferPointer(rebasing: bytes[Self.headerCount...])
    switch StorageType(rawValue: bytes[0] & 0xf) {
    case .empty:
      guard data.isEmpty else { throw .malformed("data after an empty sketch") }
      self.init()
    case .explicit: self.init(ascending: try Self.explicitHashes(data))
    case .sparse: self.init(registers: try Self.sparseRegisters(data))
    case .full: self.init(registers: try Self.fullRegisters(data))
    case .undefined, nil: throw .malformed("type \(bytes[0] & 0xf)")
    }
  }

  /// Reads bytes that `withSerialized` or the extension wrote.
  ///
  /// - Throws: `SketchError`, as `init(serialized:)` of raw bytes does.
  public init(serialized bytes: [UInt8]) throws(SketchError) {
    self = try bytes.withUnsafeBytes { raw in
      Result { () throws(SketchError) in try DistinctSketch(serialized: raw) }
    }.get()
  }

  /// True where the sketch holds one value without a heap block, which is stored in `singleCount` bytes.
  @inlinable var isSingle: Bool { words.isEmpty && single != 0 }

  @inlinable static var singleCount: Int { 11 }

  @inlinable
  func writeSingle(to bytes: UnsafeMutableRawBufferPointer) {
    Self.writeHeader(.explicit, to: bytes)
    bytes.storeBytes(of: single.bigEndian, toByteOffset: Self.headerCount, as: UInt64.self)
  }

  /// Writes the stored form into memory of the caller.
  /// - Parameter room: gives the memory for as many bytes as it is asked for.
  @inlinable
  public func serialize(into room: (Int) -> UnsafeMutableRawBufferPointer) {
    if isSingle { return writeSingle(to: room(Self.singleCount)) }
    let layout = Layout(self)
    write(layout, to: room(layout.count))
  }

  /// Which type a sketch is stored as, and in how many bytes.
  @usableFromInline
  struct Layout {
    var type: StorageType
    @usableFromInline var count: Int

    @usableFromInline
    init(_ sketch: DistinctSketch) {
      if sketch.isEmpty {
        type = .empty
        count = headerCount
      } else if !sketch.isRegisters {
        type = .explicit
        count = headerCount + 8 * max(sketch.words.count, 1)
      } else {
        var filled = 0
        sketch.forEachRegister { filled &+= $0 == 0 ? 0 : 1 }
        let sparseBits = filled * sparseWordWidth
        type = sparseBits < registerCount * registerWidth ? .sparse : .full
        count = type == .sparse ? headerCount + (sparseBits + 7) / 8 : fullCount
      }
    }
  }

  @usableFromInline
  func write(_ layout: Layout, to bytes: UnsafeMutableRawBufferPointer) {
    Self.writeHeader(layout.type, to: bytes)
    var writer = BitWriter(UnsafeMutableRawBufferPointer(rebasing: bytes[Self.headerCount...]))
    switch layout.type {
    case .undefined, .empty:
      break
    case .explicit:
      var offset = Self.headerCount
      for word in words {
        bytes.storeBytes(of: word.bigEndian, toByteOffset: offset, as: Int64.self)
        offset += 8
      }
    case .sparse:
      var index: UInt64 = 0
      forEachRegister { register in
        if register != 0 {
          let word = index << UInt64(Self.registerWidth) | UInt64(register)
          writer.append(word, width: Self.sparseWordWidth)
        }
        index += 1
      }
      writer.finish()
    case .full:
      forEachRegister { writer.append(UInt64($0), width: Self.registerWidth) }
      writer.finish()
    }
  }

  @inlinable @inline(__always)
  static func writeHeader(_ type: StorageType, to bytes: UnsafeMutableRawBufferPointer) {
    bytes[0] = schemaVersion << 4 | type.rawValue
    bytes[1] = parameterByte
    bytes[2] = cutoffByte
  }

  private static func explicitHashes(
    _ data: UnsafeRawBufferPointer
  ) throws(SketchError) -> [Int64] {
    guard data.count % 8 == 0 else { throw .malformed("part of an explicit value") }
    guard data.count / 8 <= explicitMax else { throw .malformed("too many explicit values") }
    var hashes: [Int64] = []
    hashes.reserveCapacity(data.count / 8)
    for offset in stride(from: 0, to: data.count, by: 8) {
      let hash = Int64(bigEndian: data.loadUnaligned(fromByteOffset: offset, as: Int64.self))
      if let last = hashes.last, last >= hash { throw .malformed("explicit values out of order") }
      hashes.append(hash)
    }
    return hashes
  }

  private static func sparseRegisters(
    _ data: UnsafeRawBufferPointer
  ) throws(SketchError) -> [Int64] {
    let filled = data.count * 8 / sparseWordWidth
    guard data.count == (filled * sparseWordWidth + 7) / 8 else {
      throw .malformed("part of a sparse register")
    }
    var registers = [UInt8](repeating: 0, count: registerCount)
    var reader = BitReader(data)
    var next = 0
    for _ in 0..<filled {
      let word = reader.read(width: sparseWordWidth)
      let index = Int(word >> UInt64(registerWidth))
      let value = UInt8(word & UInt64(registerMax))
      guard index >= next, value != 0 else { throw .malformed("sparse registers out of order") }
      registers[index] = value
      next = index + 1
    }
    return packed(registers)
  }

  private static func fullRegisters(
    _ data: UnsafeRawBufferPointer
  ) throws(SketchError) -> [Int64] {
    guard data.count == fullCount - headerCount else {
      throw .malformed("\(data.count) bytes of registers")
    }
    var reader = BitReader(data)
    return packed((0..<registerCount).map { _ in UInt8(reader.read(width: registerWidth)) })
  }

  private static func packed(_ registers: [UInt8]) -> [Int64] {
    [Int64](unsafeUninitializedCapacity: registerWords) { words, count in
      UnsafeMutableRawBufferPointer(words).copyBytes(from: registers)
      count = registerWords
    }
  }
}

/// Fills bytes with numbers of a few bits, from the top bit down.
private struct BitWriter {
  private let bytes: UnsafeMutableRawBufferPointer
  private var position = 0
  private var pending: UInt64 = 0
  private var pendingBits = 0

  /// `bytes` must have room for everything that is appended, rounded up to whole bytes.
  init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

  @inline(__always)
  mutating func append(_ value: UInt64, width: Int) {
    pending = pending &<< UInt64(width) | value
    pendingBits &+= width
    while pendingBits >= 8 {
      pendingBits &-= 8
      bytes[position] = UInt8(truncatingIfNeeded: pending &>> UInt64(pendingBits))
      position &+= 1
    }
  }

  /// Pads the last byte.
  mutating func finish() {
    if pendingBits > 0 { append(0, width: 8 - pendingBits) }
  }
}

/// Reads what `BitWriter` wrote.
private struct BitReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var pending: UInt64 = 0
  private var pendingBits = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next number. There must be `width` bits left, at most 32.
  mutating func read(width: Int) -> UInt64 {
    while pendingBits < width {
      pending = pending << 8 | UInt64(bytes[position])
      position += 1
      pendingBits += 8
    }
    pendingBits -= width
    return pending >> UInt64(pendingBits) & (1 << UInt64(width) - 1)
  }
}
