import EventModel

@testable import Metrics

/// Drained rows added up, as a reader of the tables adds them.
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

  /// The rows that say something.
  var rows: [RowKey: Sum] { sums.filter { !$0.value.saysNothing } }

  /// The oracle's rows, masked by what each rollup keeps.
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
      return "\(key.rollup.table) minute \(key.minute) key \(key.key): "
        + "kernel \(kernel[key]?.text ?? "nothing"), twin \(twin[key]?.text ?? "nothing")"
    }
    return nil
  }
}

/// One way to read the topics: topic numbers, each standing for the topic's next record.
struct Interleaving {
  private let lastListen: [Int64]
  private let firstView: [Int64]

  /// Knows how far the listens may run ahead of the page views: the kernel's promise ends at six
  /// hours of event time.
  init(_ twin: KernelTwin) {
    let six: Int64 = 6 * 3_600_000
    lastListen = twin.greatest[Int(Topic.listen.rawValue)].map {
      $0.map { $0 - twin.latenessMs - six } ?? Int64.min
    }
    var least = Int64.max
    var firstView: [Int64] = []
    var mark: Int64 = .min
    let views = twin.log[.pageView]
    let marks = twin.greatest[Int(Topic.pageView.rawValue)]
    var isIn: [Bool] = []
    for (i, view) in views.enumerated() {
      isIn.append(mark == .min || view.ts >= mark - twin.latenessMs)
      mark = marks[i] ?? .min
    }
    for i in views.indices.reversed() {
      if isIn[i] { least = min(least, views[i].ts) }
      firstView.append(least)
    }
    self.firstView = firstView.reversed()
  }

  /// - Parameter burst: records of one topic read in a row, at most.
  func order(from: [Int], to: [Int], burst: Int, _ random: inout SketchSeed) -> [Int] {
    var next = from
    var order: [Int] = []
    while next != to {
      let topic = random.below(3)
      for _ in 0...random.below(burst) {
        guard next[topic] < to[topic], isAllowed(topic, next) else { break }
        order.append(topic)
        next[topic] += 1
      }
      if !isAllowed(0, next), next[2] < to[2] {
        order.append(2)
        next[2] += 1
      } else if next[0] < to[0], !isAllowed(0, next) {
        // No page view may be read before the cut: the listens go on, as they do at a log's end.
        order.append(0)
        next[0] += 1
      }
    }
    return order
  }

  private func isAllowed(_ topic: Int, _ next: [Int]) -> Bool {
    guard topic == 0, next[0] < lastListen.count, next[2] < firstView.count else { return true }
    return lastListen[next[0]] <= firstView[next[2]]
  }
}

/// A kernel over a sample log, with everything it writes added up.
final class KernelRun {
  let log: SampleLog
  let output = KernelOutput()
  let kernel: Kernel
  private(set) var next: [Int]
  var sums = RollupSums()
  private(set) var verdicts: [Verdict] = []

  /// A kernel at the log's beginning.
  convenience init(
    _ log: SampleLog, latenessMs: Int64, sweepsAlways: Bool = false, facts: (any FactSink)? = nil
  ) {
    self.init(log, latenessMs, [0, 0, 0], sweepsAlways, facts)
    kernel.beginEmitting()
  }

  private init(
    _ log: SampleLog, _ latenessMs: Int64, _ next: [Int], _ sweepsAlways: Bool,
    _ facts: (any FactSink)?
  ) {
    self.log = log
    self.next = next
    kernel = Kernel(configuration: .init(allowedLatenessMs: latenessMs), output: output)
    if sweepsAlways { kernel.sweepFloor = -1_000_000 }
    kernel.facts = facts
    kernel.defersOutOfWindow = facts != nil
  }

  /// The kernel that takes over: as after a restart at what `previous` has committed.
  convenience init(
    after previous: KernelRun, _ interleaving: Interleaving, latenessMs: Int64,
    sweepsAlways: Bool = false, facts: (any FactSink)? = nil, _ random: inout SketchSeed
  ) {
    let committed = previous.next
    let points = Topic.allCases.map {
      previous.kernel.replayPoint($0, next: SampleLog.offset(committed[Int($0.rawValue)]))
    }
    self.init(
      previous.log, latenessMs, points.map { SampleLog.index($0.offset) }, sweepsAlways, facts)
    for (topic, point) in zip(Topic.allCases, points) {
      let stored = Watermark(stored: point.watermark.stored)
      kernel.restore(topic, watermark: stored ?? Watermark())
      kernel.remember(topic, ahead: previous.kernel.countedAhead(topic))
    }
    let order = interleaving.order(
      from: next, to: committed, burst: random.pick([1, 5, 1000]), &random)
    fold(order)
    kernel.beginEmitting()
    sums = previous.sums
  }

  func fold(_ order: [Int]) { for topic in order { fold(topic) } }

  @discardableResult
  func fold(_ topic: Int) -> Verdict {
    let index = next[topic]
    next[topic] += 1
    let verdict = kernel.fold(log.topics[topic][index].event, offset: SampleLog.offset(index))
    verdicts.append(verdict)
    return verdict
  }

  /// Drains, and says where the sums so far differ from the oracle's over the same records.
  func difference(latenessMs: Int64) -> String? {
    sums.drain(output.rollups)
    let twin = KernelTwin(log.prefix(next), latenessMs: latenessMs)
    return RollupSums.difference(sums.rows, RollupSums.rows(twin))
  }
}
