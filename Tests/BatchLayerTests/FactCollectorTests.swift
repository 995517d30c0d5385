import EventModel
import StarSchema
import Testing

@testable import BatchLayer
@testable import Metrics

/// Facts are collected by day; what is collected must not grow with the number of days.
@Suite struct FactCollectorTests {
  private func collect(_ collector: FactCollector, _ count: Int, day: Int64) {
    for item in 0..<count {
      collector.listen(
        ListenFact(
          keys: FactKeys(
            ts: day * 86_400_000 + Int64(item), userKey: 1, locationKey: 2, deviceKey: 3,
            sessionId: 4, itemInSession: Int32(item)),
          songKey: 5, auth: 0, level: 0, durationMs: 0, listenedMs: 0, outcome: .open),
        texts: InternedTexts())
    }
  }

  @Test func daysThatHavePassedAreDue() {
    let collector = FactCollector(notesMinutes: false, joinsViews: false)
    var due = 0
    let days: Int64 = 40
    for day in 20_000..<20_000 + days {
      collect(collector, FactWriter.manyRows, day: day)
      due += collector.takeDue().reduce(0) { $0 + $1.count }
    }
    // The last two days are kept, as their events still come.
    #expect(due == Int(days - 2) * FactWriter.manyRows)
    let rest = collector.takeAll().reduce(0) { $0 + $1.count }
    #expect(rest == 2 * FactWriter.manyRows)
  }

  /// They share a table, once all of them are known.
  @Test func daysWithFewFactsWait() {
    let collector = FactCollector(notesMinutes: false, joinsViews: false)
    for day: Int64 in 20_000..<20_050 { collect(collector, 10, day: day) }
    #expect(collector.takeDue().isEmpty)
    #expect(collector.takeAll().count == 50)
  }

  @Test func stretchesJoinMinutesThatLieClose() {
    var minutes = MinuteSet()
    for minute: Int64 in [7, 100, 5, 6, 20, 101, 5] { minutes.insert(minute * 60_000 + 59_999) }
    #expect(
      minutes.stretches(joiningUpTo: 5) == [
        300_000...479_999, 1_200_000...1_259_999, 6_000_000...6_119_999,
      ])
    #expect(minutes.stretches(joiningUpTo: 1000).count == 1)
    #expect(MinuteSet().stretches(joiningUpTo: 5).isEmpty)
  }
}
