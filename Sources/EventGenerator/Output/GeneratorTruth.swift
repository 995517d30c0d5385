import EventModel
import Support

/// Counts what was written, so that whatever consumes the lines can be audited to the unit. The same lines
/// give the same JSON.
///
/// For each topic: lines = events + duplicates + malformed lines.
public struct GeneratorTruth: Sendable {
  /// A count that is kept for each topic and minute.
  public enum Measure: Int, CaseIterable, Sendable {
    /// Events, each counted once, also where it came late or twice.
    case events
    /// Events that were held back.
    case late
    /// Events that came after an event of the same topic and a later time.
    case outOfOrder
    /// Lines that repeat an earlier event.
    case duplicate
    /// Lines that are no event.
    case malformed

    var name: String { self == .outOfOrder ? "out_of_order" : "\(self)" }
  }

  /// Counts of the lines whose event time lies in one minute. A malformed line counts in the minute of the
  /// event that it was made from.
  public struct Minute: Sendable, Equatable {
    /// When the minute begins, milliseconds since 1970-01-01 UTC.
    public var start: Int64
    fileprivate var counts = Counts()

    /// How many lines of the topic count towards the measure in this minute.
    public func count(_ topic: Topic, _ measure: Measure = .events) -> Int64 {
      counts[topic, measure]
    }
  }

  /// Auth events of sign-ins that worked, each counted once.
  public private(set) var logins: Int64 = 0
  /// Auth events of sign-ins that failed, each counted once.
  public private(set) var failedLogins: Int64 = 0
  /// Sessions that have begun.
  public private(set) var sessions: Int64 = 0
  /// Sessions that were under way at the run's end and are cut there; nil where their number is not known,
  /// because the run was stopped from outside.
  public var cutSessions: Int?

  private let keepsMinutes: Bool
  private let pageNames: [String]
  private var pageCounts: [Int64]
  private var totals = Counts()
  private var faults = [Int64](repeating: 0, count: EventLine.Fault.malformed.count)
  /// By topic: the latest event time so far.
  private var latest = [Int64](repeating: .min, count: Topic.allCases.count)
  private var minuteIndex: [Int64: Int] = [:]
  private var rows: [Minute] = []
  private var last = -1

  /// - Parameters:
  ///   - pages: the scenario's pages, which lines refer to by number.
  ///   - keepsMinutes: true to count each minute on its own, which takes 85 bytes a minute.
  public init(pages: [String], keepsMinutes: Bool = true) {
    self.keepsMinutes = keepsMinutes
    pageNames = pages
    pageCounts = pages.map { _ in 0 }
  }

  /// How many lines of the topic count towards the measure in the whole run.
  public func total(_ topic: Topic, _ measure: Measure = .events) -> Int64 {
    totals[topic, measure]
  }

  /// Lines of all topics.
  public var lines: Int64 {
    Topic.allCases.reduce(0) {
      $0 + total($1) + total($1, .duplicate) + total($1, .malformed)
    }
  }

  /// Malformed lines of one kind; 0 for a fault after which a line is still an event.
  public func total(_ fault: EventLine.Fault) -> Int64 {
    fault.isMalformed ? faults[Int(fault.rawValue - EventLine.Fault.truncated.rawValue)] : 0
  }

  /// The minutes that have a line, in the order of time; empty where minutes are not kept.
  public var minutes: [Minute] { rows.sorted { $0.start < $1.start } }

  /// How often each page was viewed, by its name; pages that nobody viewed are left out.
  public var pages: [String: Int64] {
    Dictionary(zip(pageNames, pageCounts), uniquingKeysWith: +).filter { $0.value > 0 }
  }

  /// Counts one line.
  public mutating func record(_ line: EventLine.Header) {
    let topic = line.topic
    let row = row(line.ts)
    // A session whose first request became a malformed line has begun all the same, and may be cut.
    if line.beginsSession, line.fault != .duplicate { sessions += 1 }
    if line.fault.isMalformed {
      count(.malformed, topic, row)
      faults[Int(line.fault.rawValue - EventLine.Fault.truncated.rawValue)] += 1
      return
    }
    if line.fault == .duplicate { return count(.duplicate, topic, row) }
    count(.events, topic, row)
    if line.fault == .late { count(.late, topic, row) }
    if line.ts < latest[Int(topic.rawValue)] {
      count(.outOfOrder, topic, row)
    } else {
      latest[Int(topic.rawValue)] = line.ts
    }
    switch topic {
    case .listen: break
    case .auth: if line.success { logins += 1 } else { failedLogins += 1 }
    case .pageView: pageCounts[Int(line.page)] += 1
    }
  }

  @inline(__always)
  private mutating func count(_ measure: Measure, _ topic: Topic, _ row: Int?) {
    totals[topic, measure] += 1
    if let row { rows[row].counts[topic, measure] += 1 }
  }

  private mutating func row(_ ts: Int64) -> Int? {
    guard keepsMinutes else { return nil }
    let start = CivilDate.floorDivide(ts, 60_000) * 60_000
    if last >= 0, rows[last].start == start { return last }
    if let known = minuteIndex[start] {
      last = known
    } else {
      last = rows.count
      minuteIndex[start] = last
      rows.append(Minute(start: start))
    }
    return last
  }

  /// A count for each measure and topic. Most minutes have no faults, and then take no memory for them.
  fileprivate struct Counts: Equatable, Sendable {
    private var values = [Int64](repeating: 0, count: Topic.allCases.count)

    subscript(topic: Topic, measure: Measure) -> Int64 {
      get {
        let index = measure.rawValue * Topic.allCases.count + Int(topic.rawValue)
        return index < values.count ? values[index] : 0
      }
      set {
        let index = measure.rawValue * Topic.allCases.count + Int(topic.rawValue)
        while values.count <= index { values.append(0) }
        values[index] = newValue
      }
    }
  }
}
