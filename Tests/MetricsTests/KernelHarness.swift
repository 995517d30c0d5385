import EventModel

@testable import Metrics

/// Sums of the rows that a kernel gave, as a reader of the tables would add them.
struct RollupSums {
  struct Sum: Equatable {
    var counts = [Int64](repeating: 0, count: Counter.allCases.count)
    var sketches = [DistinctSketch](repeating: DistinctSketch(), count: Distinct.allCases.count)

    var saysNothing: Bool { counts.allSatisfy { $0 == 0 } && sketches.allSatisfy(\.isEmpty) }
    var text: String {
      zip(Counter.allCases, counts).filter { $1 != 0 }.map { "\($0) \($1)" }.joined(separator: ", ")
        + " "
        + zip(Distinct.allCases, sketches).map { "\($0) \($1.serialized.dropFirst(3))" }
        .joined(separator: ", ")
    }
  }

  private var sums: [RowKey: Sum] = [:]

  mutating func drain(_ set: RollupSet, before bound: Int32? = nil) {
    for rollup in Rollup.allCases {
      set.drain(rollup, before: bound) { cell in
        let key = RowKey(
          rollup: rollup, minute: Int64(cell.pointee.minute), key: cell.pointee.key)
        var sum = sums[key] ?? Sum()
        for counter in rollup.counters {
          sum.counts[counter.rawValue] += cell.value(counter)
        }
        for distinct in rollup.distincts {
          sum.sketches[distinct.rawValue].formUnion(cell.sketch(distinct).pointee)
        }
        sums[key] = sum
      }
    }
  }

  /// The rows with at least one count or member.
  var rows: [RowKey: Sum] { sums.filter { !$0.value.saysNothing } }

  /// The oracle's rows, reduced to the counters and sketches that each rollup keeps.
  static func rows(_ twin: KernelTwin) -> [RowKey: Sum] {
    var result: [RowKey: Sum] = [:]
    for (key, row) in twin.rows {
      var sum = Sum()
      for counter in key.rollup.counters {
        sum.counts[counter.rawValue] = row.counts[counter.rawValue]
      }
      for distinct in key.rollup.distincts {
        for hash in row.distinct[distinct.rawValue] {
          sum.sketches[distinct.rawValue].insert(hash: hash)
        }
      }
      if !sum.saysNothing { result[key] = sum }
    }
    return result
  }

  /// Where two sets of rows differ, in a few words; nil where they do not.
  static func difference(_ kernel: [RowKey: Sum], _ twin: [RowKey: Sum]) -> String? {
    if kernel == twin { return nil }
    for key in Set(kernel.keys).union(twin.keys).sorted(by: {
      ($0.rollup.rawValue, $0.minute, $0.key) < ($1.rollup.rawValue, $1.minute, $1.key)
    }) where kernel[key] != twin[key] {
      return "\(key.rollup) minute \(key.minute) key \(key.key): "
        + "kernel \(kernel[key]?.text ?? "nothing"), twin \(twin[key]?.text ?? "nothing")"
    }
    return nil
  }
}

/// A random order in which to read the topics: in bursts, and with topics that lag behind others by any
/// amount. Each topic number stands for the next record of that topic.
/// - Parameter burst: the most records of one topic that are read in a row.
func interleaving(from: [Int], to: [Int], burst: Int, _ random: inout SketchSeed) -> [Int] {
  var next = from
  var order: [Int] = []
  while next != to {
    let topic = random.below(3)
    for _ in 0...random.below(burst) where next[topic] < to[topic] {
      order.append(topic)
      next[topic] += 1
    }
  }
  return order
}

/// A kernel over a sample log, with the sums of all rows that it gave.
final class KernelRun {
  /// The log, which may grow during a run.
  var log: SampleLog
  let output = KernelOutput()
  let kernel: Kernel
  private(set) var next: [Int]
  var sums = RollupSums()
  private(set) var verdicts: [Verdict] = []
  /// By topic: the places from which it can be read again, as a feed finds them, including those of older runs.
  private var points: [[ReplayPoint]] = [[], [], []]
  /// True where the last restart had to begin further back than the replay points.
  private(set) var hasReachedBack = false
  /// True where the kernel is told that no topic has unread records, as happens where it follows topics whose
  /// records come late.
  let isQuiet: Bool

  /// A kernel at the log's beginning.
  convenience init(
    _ log: SampleLog, latenessMs: Int64, sweepsAlways: Bool = false, isQuiet: Bool = false,
    facts: (any FactSink)? = nil
  ) {
    self.init(log, latenessMs, [0, 0, 0], sweepsAlways, isQuiet, facts)
    kernel.beginEmitting()
    noteUnread(!isQuiet)
  }

  private init(
    _ log: SampleLog, _ latenessMs: Int64, _ next: [Int], _ sweepsAlways: Bool, _ isQuiet: Bool,
    _ facts: (any FactSink)?
  ) {
    self.log = log
    self.next = next
    self.isQuiet = isQuiet
    kernel = Kernel(configuration: .init(allowedLatenessMs: latenessMs), output: output)
    if sweepsAlways { kernel.sweepFloor = -1_000_000 }
    kernel.facts = facts
    kernel.defersOutOfWindow = facts != nil
    noteUnread(true)
  }

  private func noteUnread(_ isUnread: Bool) {
    for topic in Topic.allCases {
      let isLeft = next[Int(topic.rawValue)] < log.counts[Int(topic.rawValue)]
      kernel.note(topic, isUnread: isUnread && isLeft)
    }
  }

  /// The kernel that takes over after a restart at the offsets that `previous` has committed.
  convenience init(
    after previous: KernelRun, latenessMs: Int64, sweepsAlways: Bool = false,
    isQuiet: Bool = false, facts: (any FactSink)? = nil, _ random: inout SketchSeed
  ) {
    let starts = Topic.allCases.map {
      previous.kernel.replayPoint(
        $0, next: SampleLog.offset(previous.next[Int($0.rawValue)]))
    }
    let first = KernelRun(previous, starts, latenessMs, sweepsAlways, isQuiet, facts, &random)
    var further = starts
    for need in first.kernel.neededHistory() {
      let t = Int(need.topic.rawValue)
      further[t] =
        previous.points[t].last {
          $0.watermark.farthest < need.before && $0.offset < starts[t].offset
        }
        ?? ReplayPoint(offset: SampleLog.offset(0), watermark: Watermark())
    }
    self.init(previous, further, latenessMs, sweepsAlways, isQuiet, facts, &random)
    hasReachedBack = further != starts
    kernel.beginEmitting()
    noteUnread(!isQuiet)
    sums = previous.sums
  }

  private convenience init(
    _ previous: KernelRun, _ starts: [ReplayPoint], _ latenessMs: Int64, _ sweepsAlways: Bool,
    _ isQuiet: Bool, _ facts: (any FactSink)?, _ random: inout SketchSeed
  ) {
    self.init(
      previous.log, latenessMs, starts.map { SampleLog.index($0.offset) }, sweepsAlways, isQuiet,
      facts)
    for (topic, point) in zip(Topic.allCases, starts) {
      let stored = Watermark(stored: point.watermark.stored)
      kernel.restore(
        topic, watermark: stored ?? Watermark(), isWhole: SampleLog.index(point.offset) == 0)
      kernel.remember(topic, ahead: previous.kernel.countedAhead(topic))
    }
    let order = interleaving(
      from: next, to: previous.next, burst: random.pick([1, 5, 1000]), &random)
    fold(order)
    noteUnread(true)
    points = previous.points
  }

  func fold(_ order: [Int]) { for topic in order { fold(topic) } }

  @discardableResult
  func fold(_ topic: Int) -> Verdict {
    let index = next[topic]
    let mark = kernel.watermarkState(Topic.allCases[topic])
    let verdict = kernel.fold(log.topics[topic][index].event, offset: SampleLog.offset(index))
    if verdict == .needsHistory { return verdict }
    if mark.greatest != nil, index % 7 == 0 {
      points[topic].append(ReplayPoint(offset: SampleLog.offset(index), watermark: mark))
    }
    next[topic] += 1
    verdicts.append(verdict)
    return verdict
  }

  /// Takes the kernel's rows, and describes where the sums so far differ from the oracle's over the same
  /// records; nil where they do not.
  func difference(latenessMs: Int64) -> String? {
    sums.drain(output.rollups)
    let twin = KernelTwin(log.prefix(next), latenessMs: latenessMs)
    return RollupSums.difference(sums.rows, RollupSums.rows(twin))
  }
}
