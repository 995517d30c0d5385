/// Plays by number, in blocks that never move: to make room for more of them takes one more block, and not all of the memory
/// once more. The number of a play that was removed is given to one that is added later.
struct PlayBlocks: ~Copyable {
  /// Plays in a block, as a power of two: 96 KB.
  private static let widthBits = 10
  private static let width = 1 << widthBits

  private var blocks = UnsafeMutablePointer<UnsafeMutablePointer<Play>>.allocate(capacity: 16)
  private var blockCapacity = 16
  private var blockCount = 0
  /// The numbers below this have been given.
  private var count = 0
  /// The number that was removed last and not given again; each such play has the next one in `older`. -1 for none.
  private var free: Int32 = -1

  deinit {
    for index in 0..<blockCount { blocks[index].deallocate() }
    blocks.deallocate()
  }

  /// How many plays there is room for.
  var capacity: Int { blockCount * Self.width }

  /// A play in place. A number that is not given is not caught in release builds.
  @inline(__always)
  func at(_ number: Int32) -> UnsafeMutablePointer<Play> {
    assert(number >= 0 && Int(number) < count, "play \(number) of \(count)")
    let number = Int(number)
    return blocks[number >> Self.widthBits] + (number & (Self.width - 1))
  }

  /// - Returns: the play's number.
  @inline(__always)
  mutating func add(_ play: Play) -> Int32 {
    var number = free
    if number >= 0 {
      free = at(number).pointee.older
    } else {
      if count == capacity { addBlock() }
      number = Int32(count)
      count += 1
    }
    at(number).initialize(to: play)
    return number
  }

  @inline(__always)
  mutating func remove(_ number: Int32) {
    at(number).pointee.older = free
    free = number
  }

  private mutating func addBlock() {
    if blockCount == blockCapacity {
      let larger = UnsafeMutablePointer<UnsafeMutablePointer<Play>>.allocate(
        capacity: blockCapacity * 2)
      larger.moveInitialize(from: blocks, count: blockCount)
      blocks.deallocate()
      blocks = larger
      blockCapacity *= 2
    }
    blocks[blockCount] = .allocate(capacity: Self.width)
    blockCount += 1
  }
}
