import Support
import Synchronization
import Testing

/// Threads that do parts of one thing.
@Suite struct CrewTests {
  @Test func everyPartIsDoneOnceInEachRoundAndAllAreDoneAtItsEnd() {
    let crew = Crew("test", width: 5)
    for round in 1...200 {
      let done = Mutex<[Int]>([])
      crew.run { number in done.withLock { $0.append(number) } }
      #expect(done.withLock { $0.sorted() } == [0, 1, 2, 3, 4], "round \(round)")
    }
  }

  @Test func aCrewOfOneIsItsOwner() {
    let crew = Crew("test", width: 0)
    var done: [Int] = []
    crew.run { done.append($0) }
    #expect(done == [0])
  }
}
