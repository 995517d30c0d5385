import EventModel
import Testing

@testable import Metrics

/// Facts in memory, kept as the batch layer keeps them in tables.
final class FactStore: FactSink {
  struct Key: Hashable {
    var ts, user, session: Int64
    var item: Int32

    init(_ keys: FactKeys) {
      (ts, user, session) = (keys.ts, keys.userKey, keys.sessionId)
      item = keys.itemInSession
    }
  }

  private(set) var listens: [Key: ListenFact] = [:]
  private(set) var auths = 0
  private(set) var pageViews = 0
  /// The song that each page view is credited to.
  private(set) var credits: [Key: Int64] = [:]
  private(set) var creditChanges = 0
  private(set) var engagements: [Key: Counter] = [:]
  private(set) var changes = 0
  private(set) var problems: [String] = []

  func auth(_ keys: FactKeys, _ event: Event) { auths += 1 }
  func pageView(
    _ keys: FactKeys, songKey: Int64, _ credit: PageCredit, _ event: Event, texts: InternedTexts
  ) {
    pageViews += 1
    engagements[Key(keys)] = credit.engagement
    if credits.updateValue(credit.songKey, forKey: Key(keys)) != nil {
      problems.append("a page view twice: \(keys)")
    }
  }

  func creditChanged(_ keys: FactKeys, songKey: Int64) {
    creditChanges += 1
    let before = credits.updateValue(songKey, forKey: Key(keys))
    if before == nil { problems.append("credited, but never told: \(keys)") }
    if before == songKey { problems.append("credited to what it was: \(keys)") }
  }

  func listen(_ fact: ListenFact, texts: InternedTexts) {
    if listens.updateValue(fact, forKey: Key(fact.keys)) != nil {
      problems.append("reported twice: \(fact.keys)")
    }
  }

  func listenChanged(_ fact: ListenFact) {
    changes += 1
    let before = listens.updateValue(fact, forKey: Key(fact.keys))
    if before == nil { problems.append("changed, but never reported: \(fact.keys)") }
    if let before, before.outcome == fact.outcome, before.listenedMs == fact.listenedMs {
      problems.append("changed to what it was: \(fact.keys)")
    }
  }
}

@Suite struct KernelFactTests {
  /// Loads the log in stretches, each with a new kernel, as the batch layer does.
  private final class Loads {
    let log: SampleLog
    let lateness: Int64
    let store = FactStore()
    var run: KernelRun
    var random: SketchSeed
    private var known = [Set<[Int64?]>](repeating: [], count: 3)

    init(_ log: SampleLog, lateness: Int64, seed: UInt64) {
      self.log = log
      self.lateness = lateness
      random = SketchSeed(state: seed)
      run = KernelRun(log, latenessMs: lateness, facts: store)
    }

    /// One load of the next records, and the restart after it.
    func load(_ count: Int) {
      let order = interleaving(from: run.next, to: log.counts, burst: 4, &random)
      var deferred: [Sample] = []
      for topic in order.prefix(count) {
        let sample = log.topics[topic][run.next[topic]]
        switch run.fold(topic) {
        case .deferred: deferred.append(sample)
        case .counted: known[topic].insert(identity(sample))
        case .redelivered, .countedOutOfWindow, .needsHistory: break
        }
      }
      for sample in deferred
      where known[Int(sample.topic.rawValue)].insert(identity(sample)).inserted {
        run.kernel.foldOutOfWindow(sample.event)
      }
      run.kernel.reportOpenPlays()
      run.sums.drain(run.output.rollups)
    }

    func restart() {
      run = KernelRun(
        after: run, latenessMs: lateness, sweepsAlways: random.chance(50),
        facts: store, &random)
    }

    private func identity(_ s: Sample) -> [Int64?] { [s.user, s.session, s.item, s.ts] }
  }

  /// The fields of a key by the names of their dimensions, so that no dimension is forgotten here.
  private static func keys(of values: Any..., suffix: String = "") -> [String: Int64] {
    var keys: [String: Int64] = [:]
    for field in values.flatMap({ Mirror(reflecting: $0).children }) {
      guard let name = field.label, name.hasSuffix(suffix) else { continue }
      keys[String(name.dropLast(suffix.count))] = field.value as? Int64
    }
    return keys
  }

  private static func keys(_ fact: ListenFact) -> [String: Int64] {
    keys(of: fact, fact.keys, suffix: "Key")
  }

  private static func text(_ keys: [String: Int64]) -> String {
    keys.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
  }

  private static func line(_ listen: TwinListen, _ dimensions: Set<String>) -> String {
    let s = listen.sample
    let keys = keys(of: TwinKey(s)).filter { dimensions.contains($0.key) }
    return "\(s.ts) \(s.session) \(s.item) \(text(keys)) \(s.lengthMs ?? -1) "
      + "\(listen.outcome) \(listen.outcome == .open ? 0 : listen.listenedMs)"
  }

  private static func line(_ fact: ListenFact) -> String {
    "\(fact.keys.ts) \(fact.keys.sessionId) \(fact.keys.itemInSession) \(text(keys(fact))) "
      + "\(fact.durationMs) \(fact.outcome) \(fact.outcome == .open ? 0 : fact.listenedMs)"
  }

  @Test(arguments: kernelSeeds(36))
  func afterEveryLoadTheFactsAreTheOraclesAndTheRollupsTheirSums(seed: UInt64) {
    let lateness = KernelTests.latenesses[Int(seed % 3)]
    var stream = SampleStream(seed: seed, latenessMs: lateness)
    let loads = Loads(stream.log(200), lateness: lateness, seed: seed)
    while loads.run.next != loads.log.counts {
      loads.load(1 + loads.random.below(60))
      let twin = KernelTwin(
        loads.log.prefix(loads.run.next), latenessMs: lateness, onceForAll: true)
      let facts = loads.store.listens.values.map { Self.line($0) }.sorted()
      let dimensions = loads.store.listens.values.first.map { Set(Self.keys($0).keys) } ?? []
      #expect(
        facts == twin.listens.map { Self.line($0, dimensions) }.sorted(),
        "seed \(seed) at \(loads.run.next)")
      let counted = (0..<3).map { twin.inWindow[$0].count + twin.outside[$0].count }
      #expect(
        [facts.count, loads.store.auths, loads.store.pageViews] == counted, "seed \(seed)")
      let difference = RollupSums.difference(loads.run.sums.rows, RollupSums.rows(twin))
      #expect(difference == nil, "seed \(seed) at \(loads.run.next)")
      #expect(loads.store.problems == [], "seed \(seed)")
      #expect(Self.credits(loads.store) == Self.credits(loads.run.sums.rows), "seed \(seed)")
      if facts.count != counted[0] || difference != nil { return }
      loads.restart()
    }
  }

  /// What the facts credit to songs: by minute, song and counter.
  private static func credits(_ store: FactStore) -> [String: Int64] {
    var sums: [String: Int64] = [:]
    for (key, song) in store.credits where song != 0 {
      guard let counter = store.engagements[key] else { continue }
      sums["\(key.ts / 60_000) \(song) \(counter)", default: 0] += 1
    }
    return sums
  }

  /// The same of the rollup rows.
  private static func credits(_ rows: [RowKey: RollupSums.Sum]) -> [String: Int64] {
    var sums: [String: Int64] = [:]
    for (key, sum) in rows where key.rollup == .song {
      for counter in Set(engagementPages.values) where sum.counts[counter.rawValue] != 0 {
        sums["\(key.minute) \(key.key) \(counter)"] = sum.counts[counter.rawValue]
      }
    }
    return sums
  }

  @Test func aCreditThatMovesInALaterLoadIsCorrectedThere() {
    var log = SampleLog()
    let start: Int64 = 1_767_225_600_000
    var thumb = Sample(topic: .pageView, ts: start + 60_000, user: 1, item: 3)
    thumb.page = "Thumbs Up"
    log[.pageView] = [thumb]
    log[.listen] = [
      Sample(topic: .listen, ts: start, user: 1, song: "a", duration: 200),
      Sample(topic: .listen, ts: start + 30_000, user: 1, item: 1, song: "b", duration: 200),
    ]
    let loads = Loads(log, lateness: 600_000, seed: 1)
    _ = loads.run.fold(Topic.listen.index)
    _ = loads.run.fold(Topic.pageView.index)
    let first = Array(loads.store.credits.values)
    loads.restart()
    _ = loads.run.fold(Topic.listen.index)
    #expect(loads.store.creditChanges == 1 && loads.store.problems == [])
    #expect(first.count == 1 && first != [0] && Array(loads.store.credits.values) != first)
  }

  @Test func aPlayThatEndsInALaterLoadIsCorrectedThere() {
    var log = SampleLog()
    let start: Int64 = 1_767_225_600_000
    log[.listen] = [
      Sample(topic: .listen, ts: start, user: 1, song: "a", duration: 200),
      Sample(topic: .listen, ts: start + 12_000, user: 1, item: 1, song: "b", duration: 200),
    ]
    let loads = Loads(log, lateness: 600_000, seed: 1)
    loads.load(1)
    #expect(loads.store.listens.values.map(\.outcome) == [.open])
    loads.restart()
    loads.load(1)
    #expect(loads.store.changes == 1)
    let outcomes = loads.store.listens.values.sorted { $0.keys.ts < $1.keys.ts }
    #expect(outcomes.map(\.outcome) == [.skipped, .open])
    #expect(outcomes[0].listenedMs == 12_000)
  }

  @Test func textsOfAListenFactAreTheEvents() {
    final class Texts: FactSink {
      var found: [String] = []
      func auth(_ keys: FactKeys, _ event: Event) {}
      func pageView(
        _ keys: FactKeys, songKey: Int64, _ credit: PageCredit, _ event: Event, texts: InternedTexts
      ) {}
      func creditChanged(_ keys: FactKeys, songKey: Int64) {}
      func listen(_ fact: ListenFact, texts: InternedTexts) {
        found.append(texts[fact.auth] + "/" + texts[fact.level])
      }
      func listenChanged(_ fact: ListenFact) {}
    }
    let texts = Texts()
    let kernel = Kernel(configuration: .init(), output: KernelOutput())
    kernel.facts = texts
    kernel.beginEmitting()
    for (i, pair) in [("Logged In", "paid"), ("Guest", "free"), ("", ""), ("free", "Guest")]
      .enumerated()
    {
      var sample = Sample(topic: .listen, ts: 1_767_225_600_000, session: Int64(i))
      sample.auth = pair.0
      sample.level = pair.1
      kernel.fold(sample.event, offset: Int64(i))
    }
    kernel.reportOpenPlays()
    #expect(texts.found.sorted() == ["/", "Guest/free", "Logged In/paid", "free/Guest"])
  }
}
