import Testing

@testable import BatchLayer

/// How many stretches of event time a load audits one by one.
@Suite struct EventSpansTests {
  @Test func manySpansAreTakenTogetherWhereTheyLieClose() {
    let spans: [ClosedRange<Int64>] = [0...1, 5...6, 7...8, 100...101, 103...104]
    #expect(EventSpans.merged(spans, atMost: 5) == spans)
    #expect(EventSpans.merged(spans, atMost: 3) == [0...1, 5...8, 100...104])
    #expect(EventSpans.merged(spans, atMost: 1) == [0...104])
  }
}
