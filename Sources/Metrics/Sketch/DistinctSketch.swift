import Glibc

/// How many distinct values were seen: exact up to 320, a HyperLogLog estimate beyond.
///
/// A sketch is a function of the *set* of hashes that it was given, and of nothing else: the order
/// of insertion, repetitions, and how the set was split and merged again leave no trace. Hence
/// union is, exactly,
/// - associative: `(a ∪ b) ∪ c == a ∪ (b ∪ c)`,
/// - commutative: `a ∪ b == b ∪ a`,
/// - idempotent: `a ∪ a == a`, with the empty sketch as its identity.
///
/// There is no inverse: what was counted cannot be taken out; a retraction needs a rebuild.
///
/// Its bytes are those of the PostgreSQL extension `hll` (the storage specification of
/// aggregateknowledge/hll-storage-spec, schema version 1) with the parameters
/// `hll(12, 5, -1, 1)`: equal, byte for byte, to what `hll_add_agg(h, 12, 5, -1, 1)` makes of the
/// same hashes, `h` being `hll_hash_bigint(x)` where the hash here is `Murmur3.hash64(x)`.
///
/// A value type of 16 bytes. None or one value, which is what most sketches hold, needs no heap;
/// more are one heap block, shared between copies until one of them changes.
///
/// Estimator: Flajolet, Fusy, Gandouet, Meunier, *HyperLogLog: the analysis of a near-optimal
/// cardinality estimation algorithm* (2007), with its corrections for small and large counts.
public struct DistinctSketch: Equatable, Sendable {
  /// Base-2 logarithm of the number of registers: hll's `log2m`.
  @inlinable static var log2m: Int { 12 }
  static let registerCount = 1 << log2m
  /// Bits in a stored register: hll's `regwidth`.
  @inlinable static var registerWidth: Int { 5 }
  static let registerMax: UInt8 = (1 << registerWidth) - 1
  /// Values held one by one. The extension's `expthresh = -1` (auto) means: as many as take the
  /// room of the packed registers.
  static let explicitMax = registerCount * registerWidth / 8 / 8
  /// 64-bit words that hold one byte for each register.
  static let registerWords = registerCount / 8

  /// The standard error of an estimate relative to the count, once it is no longer exact:
  /// 1.04 / √4096 = 0.01625. An estimate is within twice this about 95 times in 100.
  public static let relativeError = 1.04 / 64

  /// The only value, while `words` is empty; 0 means that there is none. (The hash 0 itself, one in
  /// 2⁶⁴, goes to `words`.) Always 0 while `words` is not empty, so that equality is memberwise.
  @usableFromInline private(set) var single: UInt64 = 0

  /// By its count:
  /// - 0: see `single`.
  /// - up to `explicitMax`: the distinct hashes as signed integers, ascending, as they are stored.
  /// - `registerWords`: the registers, a byte each, in memory order.
  @usableFromInline private(set) var words: [Int64] = []

  /// The empty sketch.
  public init() {}

  /// True where no value was inserted.
  @inlinable public var isEmpty: Bool { words.isEmpty && single == 0 }

  /// True while the estimate is the exact count: at most 320 distinct hashes.
  public var isExact: Bool { !isRegisters }

  /// True where there is no heap block: the sketch holds one value or none.
  @inline(__always)
  var isPlain: Bool { words.isEmpty }

  var isRegisters: Bool { words.count == Self.registerWords }

  /// Adds one hashed value. Amortised constant time; allocates on the 2nd value, on doublings up to
  /// the 320th, once on the 321st, and never after that.
  ///
  /// - Parameter hash: a well-mixed 64-bit hash, `Murmur3.hash64` where SQL must agree.
  @inline(__always)
  public mutating func insert(hash: UInt64) {
    if words.isEmpty && hash != 0 && (single == hash || single == 0) {
      single = hash
    } else {
      insertIntoWords(hash)
    }
  }

  /// Adds all values of `other`.
  public mutating func formUnion(_ other: DistinctSketch) {
    if other.words.isEmpty {
      if other.single != 0 { insert(hash: other.single) }
    } else if isEmpty {
      self = other
    } else if words.isEmpty {
      let mine = single
      self = other
      insert(hash: mine)
    } else if other.isRegisters {
      if !isRegisters {
        let mine = words
        words = other.words
        insertEach(mine)
      } else {
        formMaximum(other.words)
      }
    } else if isRegisters {
      insertEach(other.words)
    } else {
      mergeExplicit(other.words)
    }
  }

  /// Adds all values of a sketch in place: most hold one value, and such a one is not worth a copy.
  @inline(__always)
  mutating func formUnion(_ other: UnsafePointer<DistinctSketch>) {
    if !other.pointee.words.isEmpty {
      formUnion(other.pointee)
    } else if other.pointee.single != 0 {
      insert(hash: other.pointee.single)
    }
  }

  /// The union of this and `other`.
  public func union(_ other: DistinctSketch) -> DistinctSketch {
    var result = self
    result.formUnion(other)
    return result
  }

  /// The number of distinct values: what `hll_cardinality` answers for the same bytes. Exact where
  /// `isExact`, else with a relative standard error of `relativeError`. Not a number, as from
  /// `hll_cardinality`, where all registers are at their limit, which would take more values than a
  /// machine can count.
  public var estimate: Double {
    if words.isEmpty { return single == 0 ? 0 : 1 }
    if !isRegisters { return Double(words.count) }

    // Σ 2^-register in units of 2^-31: whole numbers, so that no order of adding loses a bit.
    var sum: UInt64 = 0
    var zeros = 0
    forEachRegister { register in
      sum &+= (1 << UInt64(Self.registerMax)) &>> UInt64(register)
      zeros &+= register == 0 ? 1 : 0
    }
    let m = Double(Self.registerCount)
    let raw =
      (0.7213 / (1 + 1.079 / m)) * m * m / (Double(sum) / Double(1 << UInt64(Self.registerMax)))

    if zeros != 0 && raw < 5 * m / 2 { return m * log(m / Double(zeros)) }
    // As many values as the registers can tell apart: 2^(largest rank - 1 + log2m).
    let distinguishable = Double(UInt64(1) << (UInt64(Self.registerMax) - 1 + UInt64(Self.log2m)))
    if raw <= distinguishable / 30 { return raw }
    return -distinguishable * log(1 - raw / distinguishable)
  }
}

// MARK: - Representations

extension DistinctSketch {
  /// The sketch of given registers. `words` must have `registerWords` elements.
  init(registers words: [Int64]) {
    self.words = words
  }

  /// The sketch of distinct hashes, ascending as signed integers, at most `explicitMax` of them.
  init(ascending hashes: [Int64]) {
    if hashes.count == 1 && hashes[0] != 0 {
      single = UInt64(bitPattern: hashes[0])
    } else {
      words = hashes
    }
  }

  func forEachRegister(_ body: (UInt8) -> Void) {
    words.withUnsafeBytes { for register in $0 { body(register) } }
  }

  @inline(never)
  private mutating func insertIntoWords(_ hash: UInt64) {
    if isRegisters {
      insertIntoRegisters(hash)
    } else {
      if words.isEmpty && single != 0 {
        words.reserveCapacity(4)
        words.append(Int64(bitPattern: single))
        single = 0
      }
      insertIntoExplicit(Int64(bitPattern: hash))
    }
  }

  private mutating func insertIntoRegisters(_ hash: UInt64) {
    let index = Int(truncatingIfNeeded: hash & UInt64(Self.registerCount - 1))
    let rest = hash &>> UInt64(Self.log2m)
    // The extension leaves the register alone where no bit of `rest` is set, and so must we.
    let rank = rest == 0 ? 0 : min(UInt8(rest.trailingZeroBitCount + 1), Self.registerMax)
    // Read before writing: most values change no register, and copies then go on sharing the block.
    if words.withUnsafeBytes({ $0[index] }) < rank {
      words.withUnsafeMutableBytes { $0[index] = rank }
    }
  }

  private mutating func insertIntoExplicit(_ hash: Int64) {
    let count = words.count
    let position = words.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress, count > 0 else { return 0 }
      // Hashes lie evenly, so that a hash's share of all numbers says about where it is: a few steps from there, in
      // one or two cache lines, take less than halving.
      let share = UInt64(bitPattern: hash) ^ (1 << 63)
      var place = Int(truncatingIfNeeded: share.multipliedFullWidth(by: UInt64(count)).high)
      if base[place] < hash {
        repeat { place &+= 1 } while place < count && base[place] < hash
      } else {
        while place > 0 && base[place &- 1] >= hash { place &-= 1 }
      }
      return place
    }
    if position < count && words[position] == hash { return }
    if count == Self.explicitMax {
      promote()
      insertIntoRegisters(UInt64(bitPattern: hash))
      return
    }
    words.append(hash)
    words.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      (base + position + 1).update(from: base + position, count: count - position)
      values[position] = hash
    }
  }

  /// From single values to registers.
  private mutating func promote() {
    let values = words
    words = [Int64](repeating: 0, count: Self.registerWords)
    insertEach(values)
  }

  /// Only for a sketch that has registers.
  private mutating func insertEach(_ hashes: [Int64]) {
    for hash in hashes { insertIntoRegisters(UInt64(bitPattern: hash)) }
  }

  /// Merges two ascending lists. Goes over to registers exactly where their union is too large.
  private mutating func mergeExplicit(_ others: [Int64]) {
    let room = words.count + others.count
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: room) { merged in
      let count = Self.merge(words, others, into: merged)
      if count > Self.explicitMax {
        promote()
        insertEach(others)
      } else {
        words.removeAll(keepingCapacity: true)
        words.append(contentsOf: merged[..<count])
      }
    }
  }

  /// Merges two ascending lists without repetitions into one such list, for which there must be room.
  /// - Returns: the count of the merged list.
  private static func merge(
    _ mine: [Int64], _ theirs: [Int64], into merged: UnsafeMutableBufferPointer<Int64>
  ) -> Int {
    mine.withUnsafeBufferPointer { mine in
      theirs.withUnsafeBufferPointer { theirs in
        var (my, their, count) = (0, 0, 0)
        // Without a branch on the values, as they are hashes: nobody can guess which one is less.
        while my < mine.count, their < theirs.count {
          let (a, b) = (mine[my], theirs[their])
          merged[count] = a < b ? a : b
          my &+= a <= b ? 1 : 0
          their &+= b <= a ? 1 : 0
          count &+= 1
        }
        while my < mine.count {
          merged[count] = mine[my]
          my &+= 1
          count &+= 1
        }
        while their < theirs.count {
          merged[count] = theirs[their]
          their &+= 1
          count &+= 1
        }
        return count
      }
    }
  }

  /// Takes the larger value of each register.
  private mutating func formMaximum(_ others: [Int64]) {
    words.withUnsafeMutableBytes { mine in
      others.withUnsafeBytes { theirs in
        for index in 0..<Self.registerCount { mine[index] = max(mine[index], theirs[index]) }
      }
    }
  }
}
