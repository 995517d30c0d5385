import Testing

@testable import Metrics

/// A cell has a place for everything that rollups keep. A counter without one would be counted in its neighbour.
@Suite struct RollupCellTests {
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
}
