import Testing

@testable import SpeedLayer

@Suite struct OutageNoticeTests {
  @Test func anOutageIsToldOnceAndThenOnceAMinuteHoweverOftenAWorkerTries() {
    var notice = OutageNotice()
    let begin = ContinuousClock.now
    let tries = stride(from: 0, through: 150, by: 3)
    let told = tries.filter { notice.isDue(at: begin + .seconds($0)) }
    #expect(told == [0, 60, 120])
    notice.end()
    let after = [151, 152].filter { notice.isDue(at: begin + .seconds($0)) }
    #expect(after == [151])
  }
}
