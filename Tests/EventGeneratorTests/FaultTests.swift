import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// Compares the lines that were written with the events that were simulated.
@Suite struct FaultTests {
  /// A line that was written.
  private struct Written {
    var header: EventLine.Header
    var bytes: Data
  }

  /// The lines of the simulation without faults.
  private func source() throws -> [Written] {
    var simulation = try standardSimulation(seed: 3, users: 150, days: 0.6)
    var lines: [Written] = []
    _ = simulation.runLines(until: nil) {
      lines.append(Written(header: $0.header, bytes: Data($0.bytes)))
      return true
    }
    try #require(lines.count > 2_000)
    return lines
  }

  private func apply(_ plan: FaultPlan, seed: UInt64 = 1, to source: [Written]) -> [Written] {
    var injector = FaultInjector(plan, seed: seed)
    var written: [Written] = []
    func take(_ line: EventLine) -> Bool {
      written.append(Written(header: line.header, bytes: Data(line.bytes)))
      return true
    }
    for line in source {
      line.bytes.withUnsafeBytes {
        _ = injector.accept(EventLine(header: line.header, bytes: $0), take)
      }
    }
    _ = injector.release(through: .max, take)
    return written
  }

  private func plan(
    late: Double = 0, duplicate: Double = 0, malformed: Double = 0, outOfOrderBy: Int64 = 0
  ) -> FaultPlan {
    var plan = FaultPlan()
    plan.lateFraction = late
    plan.lateBy = 600_000...7_200_000
    plan.duplicateFraction = duplicate
    plan.malformedFraction = malformed
    plan.outOfOrderBy = outOfOrderBy
    return plan
  }

  /// True if a count lies within four standard errors of the expected one, for independent cases.
  private func isShare(_ count: Int, _ fraction: Double, of all: Int) -> Bool {
    let error = (Double(all) * fraction * (1 - fraction)).squareRoot()
    return abs(Double(count) - Double(all) * fraction) <= 4 * error
  }

  @Test func aPlanWithoutFaultsChangesNothing() throws {
    let source = try source()
    #expect(FaultPlan().isNone)
    #expect(apply(FaultPlan(), to: source).map(\.bytes) == source.map(\.bytes))
  }

  /// Every simulated event is written once, or as a malformed line; a line that repeats an event is marked; and
  /// the truth has the counts that an independent reader finds.
  @Test(arguments: [UInt64](1...6))
  func everyLineIsAccountedFor(seed: UInt64) throws {
    var chance = RandomSource(seed: seed, purpose: .group)
    let plan = plan(
      late: Double.random(in: 0...0.3, using: &chance),
      duplicate: Double.random(in: 0...0.3, using: &chance),
      malformed: Double.random(in: 0...0.3, using: &chance),
      outOfOrderBy: Int64.random(in: 0...600_000, using: &chance))
    let source = try source()
    let written = apply(plan, seed: seed, to: source)
    var truth = GeneratorTruth(pages: [String](repeating: "", count: 100))
    for line in written { truth.record(line.header) }

    var left: [Data: Int] = [:]
    for line in source { left[line.bytes, default: 0] += 1 }
    var seen: Set<Data> = []
    var counts: [String: Int] = [:]
    var minutes: [Int64: [String: Int]] = [:]
    var latest: [Topic: Int64] = [:]
    for line in written {
      // The minute of a malformed line cannot be read from the line.
      guard left[line.bytes] != nil else {
        counts["malformed", default: 0] += 1
        #expect(line.header.fault.isMalformed)
        continue
      }
      let event = try #require(
        try JSONSerialization.jsonObject(with: line.bytes) as? [String: Any])
      let ts = try #require(event["ts"] as? Int64)
      let minute = ts - ts % 60_000
      func count(_ kind: String) {
        counts[kind, default: 0] += 1
        minutes[minute, default: [:]]["\(kind) \(line.header.topic.name)", default: 0] += 1
      }
      if !seen.insert(line.bytes).inserted {
        count("duplicate")
        #expect(line.header.fault == .duplicate)
        continue
      }
      count("events")
      if ts < latest[line.header.topic, default: 0] { count("out_of_order") }
      latest[line.header.topic] = max(ts, latest[line.header.topic, default: 0])
    }
    #expect(seen.count + counts["malformed", default: 0] == source.count)
    #expect(written.count == source.count + counts["duplicate", default: 0])
    func total(_ measure: GeneratorTruth.Measure) -> Int {
      Topic.allCases.reduce(0) { $0 + Int(truth.total($1, measure)) }
    }
    #expect(truth.lines == written.count)
    for measure in GeneratorTruth.Measure.allCases where measure != .late {
      #expect(total(measure) == counts[measure.name, default: 0], "\(measure.name)")
    }
    for minute in truth.minutes {
      for topic in Topic.allCases {
        for measure in [GeneratorTruth.Measure.events, .outOfOrder, .duplicate] {
          #expect(
            minute.count(topic, measure)
              == minutes[minute.start]?["\(measure.name) \(topic.name)"] ?? 0)
        }
      }
    }
    #expect(
      EventLine.Fault.malformed.reduce(0) { $0 + Int(truth.total($1)) } == total(.malformed))
    #expect(isShare(total(.malformed), plan.malformedFraction, of: source.count))
    #expect(isShare(total(.late), plan.lateFraction, of: seen.count))
    #expect(isShare(total(.duplicate), plan.duplicateFraction, of: seen.count))
  }

  @Test func lateEventsComeThatMuchLater() throws {
    let source = try source()
    let written = apply(plan(late: 0.05), to: source)
    let onTime = written.filter { $0.header.fault != .late }.map(\.header.ts)
    #expect(onTime == onTime.sorted())
    var late = 0
    var before: Int64 = 0
    var after = written.map(\.header).reversed().reduce(into: [Int64]()) { times, header in
      times.append(header.fault == .late ? times.last ?? .max : header.ts)
    }
    for line in written {
      let next = after.removeLast()
      guard line.header.fault == .late else {
        before = line.header.ts
        continue
      }
      late += 1
      // A late line is written between the last event before its due time and the first event after that.
      #expect(before <= line.header.ts + 7_200_000 && next >= line.header.ts + 600_000)
    }
    #expect(late > 50)
  }

  @Test func outOfOrderEventsAreOvertakenByNoMoreThanTheyWerePutOff() throws {
    let written = apply(plan(outOfOrderBy: 300_000), to: try source())
    var latest: Int64 = 0
    var overtaken = 0
    for line in written {
      #expect(latest - line.header.ts <= 300_000)
      if line.header.ts < latest { overtaken += 1 }
      latest = max(latest, line.header.ts)
    }
    #expect(overtaken > written.count / 4)
  }

  @Test func noMalformedLineIsAnEventToAnybody() throws {
    let written = apply(plan(malformed: 1), to: try source())
    let decoder = EventDecoder()
    var kinds: Set<EventLine.Fault> = []
    for line in written {
      kinds.insert(line.header.fault)
      #expect(!line.bytes.contains(UInt8(ascii: "\n")))
      let isDecoded = line.bytes.withUnsafeBytes {
        (try? decoder.decodeUnpadded($0, as: line.header.topic)) != nil
      }
      #expect(!isDecoded, "\(line.header.fault)")
      let object = try? JSONSerialization.jsonObject(with: line.bytes) as? [String: Any]
      switch line.header.fault {
      case .truncated, .notJSON, .badUTF8: #expect(object == nil)
      case .wrongType: #expect(object?["ts"] is String)
      case .missingTime: #expect(object != nil && object?["ts"] == nil)
      case .implausibleTime: #expect(object?["ts"] as? Int64 == 86_400_000)
      case .none, .late, .duplicate: Issue.record("\(line.header.fault) of a malformed line")
      }
    }
    #expect(kinds == Set(EventLine.Fault.malformed))
  }

  @Test func theSameSeedGivesTheSameFaults() throws {
    let source = try source()
    let plan = plan(late: 0.1, duplicate: 0.1, malformed: 0.1, outOfOrderBy: 1000)
    #expect(
      apply(plan, seed: 5, to: source).map(\.bytes) == apply(plan, seed: 5, to: source).map(\.bytes)
    )
    #expect(
      apply(plan, seed: 5, to: source).map(\.bytes) != apply(plan, seed: 6, to: source).map(\.bytes)
    )
  }

  @Test func aRunThatIsEndedGivesNoMore() throws {
    var injector = FaultInjector(plan(outOfOrderBy: 60_000), seed: 1)
    var count = 0
    for line in try source() {
      let goesOn = line.bytes.withUnsafeBytes {
        injector.accept(EventLine(header: line.header, bytes: $0)) { _ in
          count += 1
          return count < 100
        }
      }
      if !goesOn { break }
    }
    #expect(count == 100)
  }

  @Test func faultsLeaveTheCountOfSessionsAsItIs() throws {
    let source = try source()
    let sessions = Set(source.map(\.header.sessionId)).count
    for plan in [plan(), plan(malformed: 0.5), plan(late: 0.5, duplicate: 0.5)] {
      var truth = GeneratorTruth(pages: [String](repeating: "", count: 100))
      for line in apply(plan, to: source) { truth.record(line.header) }
      #expect(truth.sessions == sessions)
    }
  }
}
