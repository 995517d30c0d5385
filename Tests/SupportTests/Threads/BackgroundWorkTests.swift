import Support
import Testing

@Suite struct BackgroundWorkTests {
  @Test func itGoesOnUntilItIsEndedAndTheEndWaitsForIt() {
    let turns = SharedCounter()
    let work = BackgroundWork("test") { stop in
      while !stop.isRequested {
        turns.add(1)
        stop.wait(seconds: 0.01)
      }
      turns.add(1000)
    }
    work.end()
    #expect(turns.count >= 1000)
    work.end()
  }

  @Test func whatItThrowsEndsItAndIsNotReported() {
    struct Failure: Error {}
    BackgroundWork("test") { _ in throw Failure() }.end()
  }
}
