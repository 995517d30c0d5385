import Support
import Testing

@Suite struct ThreadsTests {
  @Test func aQueueKeepsTheOrderAndItsBound() throws {
    let queue = BoundedQueue<Int>(limit: 3)
    let giver = Worker("giver") { (0..<1000).prefix { queue.put($0) }.count }
    var taken: [Int] = []
    while taken.count < 1000, let next = queue.take() { taken.append(next) }
    #expect(taken == Array(0..<1000))
    #expect(try giver.wait() == 1000)
    #expect(queue.put(1) && queue.put(2))
    queue.close()
    #expect(!queue.put(3))
    #expect(queue.take() == 1)
    queue.close(discarding: true)
    #expect(queue.take() == nil)
  }

  @Test func aWorkerGivesWhatItsBodyGives() throws {
    struct Failure: Error, Equatable {}
    #expect(try Worker("adds") { 1 + 1 }.wait() == 2)
    let failing = Worker("fails") { () throws -> Int in throw Failure() }
    #expect(throws: Failure()) { try failing.wait() }
    #expect(failing.isFinished)
  }

  @Test func aStopEndsAWaitAndStays() throws {
    let stop = StopToken()
    #expect(!stop.isRequested)
    stop.wait(seconds: 0.01)
    let waiter = Worker("waits") { stop.wait(seconds: 600) }
    stop.request()
    try waiter.wait()
    #expect(stop.isRequested)
    stop.wait(seconds: 600)
  }

  @Test func aCounterCountsWhatAllThreadsAdd() throws {
    let counter = SharedCounter()
    let workers = (0..<4).map { _ in Worker("adds") { for _ in 0..<1000 { counter.add(2) } } }
    for worker in workers { try worker.wait() }
    #expect(counter.count == 8000)
    counter.set(5)
    #expect(counter.add(1) == 6)
  }
}
