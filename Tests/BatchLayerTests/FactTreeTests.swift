import StarSchema
import Testing

@testable import BatchLayer

/// Which table a day's facts stand in is decided in one place.
@Suite struct FactTreeTests {
  private static let june = CalendarDay(number: 20_612)
  private static let july = CalendarDay(number: 20_642)

  private func tree(
    months: Set<CalendarMonth> = [], days: [CalendarDay] = [],
    shared: [CalendarMonth?: String] = [:]
  ) -> FactTree {
    FactTree(
      .listen, build: 3, schema: "parts", months: months, days: days, shared: shared)
  }

  @Test func aMonthGetsATableWhereNoneOfItsDaysStandsElsewhere() {
    #expect(Self.june.key == 20_260_608 && Self.july.key == 20_260_708)
    let tree = tree(days: [Self.june])
    #expect(tree.month(forPartitionOf: Self.june.next) == nil)
    #expect(tree.month(forPartitionOf: Self.july) == CalendarMonth(key: 202_607))
    #expect(tree.name(of: Self.july.month) == "fact_listen_b3_202607")
  }

  @Test func daysOfAMonthThatHasATableStandInIt() {
    let tree = tree(months: [Self.june.month], days: [Self.june])
    #expect(tree.month(forPartitionOf: Self.june.next) == Self.june.month)
  }

  @Test func factsGoToTheMonthsTableThatIsThereAndElseToTheWhole() {
    let tree = tree(
      months: [Self.june.month], shared: [nil: "fact_listen_b3_rare", Self.june.month: "other"])
    #expect(tree.shared(for: Self.june) == "other")
    #expect(tree.shared(for: Self.july) == "fact_listen_b3_rare")
  }

  @Test func aDayThatComesLastInItsTableRenumbersNone() {
    let months: Set = [Self.june.month]
    let later = [Self.june, Self.june.next.next]
    // A month is the last one, though a day of another is later.
    #expect(
      tree(months: months, days: [Self.june, Self.july]).renumbered(by: Self.june.next) == nil)
    #expect(tree(months: months, days: [Self.june]).renumbered(by: Self.july) == nil)
    #expect(
      tree(months: months, days: later).renumbered(by: Self.june.next)
        == "parts.fact_listen_b3_202606")
    #expect(
      tree(months: [Self.july.month], days: [Self.july]).renumbered(by: Self.june)
        == "parts.fact_listen_b3")
  }

  @Test func aDayBeforeASharedPartitionRenumbersIt() {
    let tree = tree(
      months: [Self.june.month], days: [Self.june], shared: [Self.june.month: "other"])
    #expect(tree.renumbered(by: Self.june.next) == "parts.fact_listen_b3_202606")
    #expect(tree.renumbered(by: Self.july) == nil)
  }

  @Test func theMonthAfterDecemberIsJanuary() {
    #expect(CalendarMonth(key: 202_612).next == CalendarMonth(key: 202_701))
    #expect(CalendarMonth(key: 202_701).next.firstDayKey == 20_270_201)
  }
}
