import Testing

@testable import Metrics

/// A cell has a place for everything that rollups keep. A counter without one would be counted in its neighbour.
@Suite struct RollupCellTests {
  /// The layout is written down as numbers.
  @Test func theLayoutIsThatOfTheCell() {
    #expect(MemoryLayout<RollupCell>.offset(of: \.counts) == 0)
    #expect(CellLayout.countersCount == Counter.allCases.count)
    #expect(MemoryLayout<RollupCell>.offset(of: \.listenedMs) == CellLayout.listenedMs)
    #expect(MemoryLayout<RollupCell>.offset(of: \.listeners) == CellLayout.firstSketch)
    #expect(MemoryLayout<DistinctSketch>.stride == CellLayout.sketchSize)
  }

  @Test(arguments: Counter.allCases)
  func aCounterHasAPlaceOfItsOwn(_ counter: Counter) {
    // As many places as counters; without this the next line would write beyond the last one.
    #expect(MemoryLayout<RollupCell.CounterTuple>.size == 4 * Counter.allCases.count)
    guard MemoryLayout<RollupCell.CounterTuple>.size > 4 * counter.rawValue else { return }
    var cell = RollupCell(minute: 1, key: 2)
    withUnsafeMutablePointer(to: &cell) { cell in
      if counter == .listenedMs {
        cell.pointee.listenedMs += 7
      } else {
        cell.pointee.add(counter, 7)
      }
      #expect(!cell.pointee.isZero)
      for other in Counter.allCases {
        #expect(UnsafePointer(cell).value(other) == (other == counter ? 7 : 0), "\(other)")
      }
    }
  }

  @Test(arguments: Distinct.allCases)
  func aSketchHasAPlaceOfItsOwn(_ distinct: Distinct) {
    var cell = RollupCell(minute: 1, key: 2)
    withUnsafeMutablePointer(to: &cell) { cell in
      let row = UnsafePointer(cell)
      UnsafeMutablePointer(mutating: row.sketch(distinct)).pointee.insert(hash: 7)
      #expect(!cell.pointee.isZero)
      for other in Distinct.allCases {
        #expect(row.sketch(other).pointee.isEmpty == (other != distinct), "\(other)")
      }
    }
  }

  /// Without this an hour would lack what its minutes have.
  @Test func addingACellAddsEveryCounterAndUnitesEverySketch() {
    var (mine, other) = (RollupCell(minute: 60, key: 2), RollupCell(minute: 61, key: 2))
    withUnsafeMutablePointer(to: &mine) { mine in
      withUnsafeMutablePointer(to: &other) { other in
        for (cell, amount) in [(mine, Int32(5)), (other, -7)] {
          for counter in Counter.allCases where counter != .listenedMs {
            cell.pointee.add(counter, amount * Int32(counter.rawValue + 1))
          }
          cell.pointee.listenedMs = Int64(amount) << 40
          for (index, distinct) in Distinct.allCases.enumerated() {
            let sketch = UnsafePointer(cell).sketch(distinct)
            UnsafeMutablePointer(mutating: sketch).pointee.insert(
              hash: UInt64(index * 10) + UInt64(amount.magnitude))
          }
        }
        mine.pointee.add(UnsafePointer(other))
        let sum = UnsafePointer(mine)
        for counter in Counter.allCases {
          let expected = counter == .listenedMs ? -2 << 40 : Int64(-2 * (counter.rawValue + 1))
          #expect(sum.value(counter) == expected, "\(counter)")
        }
        for (index, distinct) in Distinct.allCases.enumerated() {
          var expected = DistinctSketch()
          for value in [5, 7] { expected.insert(hash: UInt64(index * 10 + value)) }
          #expect(sum.sketch(distinct).pointee == expected, "\(distinct)")
        }
      }
    }
  }

  /// Minutes before the bound are hours at once; others, and those of the totals, stay minutes.
  @Test func whatIsOlderThanTheBoundIsCountedByTheHour() {
    let set = RollupSet()
    set.hoursBefore = 180
    for minute: Int32 in [65, 119, 120, 179, 180, 181] {
      set.cell(.song, minute, 7).pointee.add(.listens, 1)
      set.cell(.totals, minute, 0).pointee.add(.listens, 1)
    }
    var found: [Int32] = []
    set.drain(.song) { found.append($0.pointee.minute) }
    #expect(found == [60, 120, 180, 181])
    #expect(set.count(of: .totals) == 6)
  }

  @Test func rowsOfCompleteMinutesMoveToAnotherSet() {
    let set = RollupSet()
    let other = RollupSet()
    func minutes(_ set: RollupSet) -> [Int32] {
      var found: [Int32] = []
      set.drain(.song, sorted: true) { found.append($0.pointee.minute) }
      return found
    }
    for minute: Int32 in 1...2000 { set.cell(.song, minute, 7).pointee.add(.listens, 1) }
    set.move(to: other, before: 1900)
    // The set goes on, with the rows that have stayed.
    set.cell(.song, 2000, 7).pointee.add(.listens, 1)
    set.cell(.song, 2001, 7).pointee.add(.listens, 1)
    #expect(set.cell(.song, 2000, 7).pointee.counts.0 == 2)
    #expect(minutes(set) == Array(1900...2001))
    #expect(minutes(other) == Array(1...1899))
    #expect(set.count == 0 && other.count == 0)
    set.cell(.song, 1, 7).pointee.add(.listens, 1)
    set.move(to: other, before: nil)
    #expect(set.count == 0 && minutes(other) == [1])
  }
}
