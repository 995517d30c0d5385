import EventLog
import EventModel
import Metrics

/// Reads the three topics of some partition numbers into their kernels: first the records that rebuild
/// the kernels' state, emitting nothing, then the records that count. The one way from the log to
/// `Metrics`, for both layers. Not shared between threads.
public final class KernelFeed {
  /// Where to begin in one topic and partition.
  public struct Start: Sendable {
    /// One of the three topics of events, and a partition of it.
    public var source: TopicPartition
    /// Where the records begin that rebuild the kernel's state; its offset is at most `from`.
    public var replay: ReplayPoint
    /// The offset of the first record that counts.
    public var from: Int64
    /// One past the offset of the last record to read; nil to follow the log.
    public var end: Int64?
    /// The log epoch of the record below `from` (`EventLog.verify`); nil where that is not known.
    public var logEpoch: LogEpoch?

    /// The parameters are the properties of the same names.
    public init(
      source: TopicPartition, replay: ReplayPoint, from: Int64, end: Int64? = nil,
      logEpoch: LogEpoch? = nil
    ) {
      self.source = source
      self.replay = replay
      self.from = from
      self.end = end
      self.logEpoch = logEpoch
    }
  }

  /// Bytes read from one partition at once.
  private static let batchBytes = 256 << 10
  /// Milliseconds of event time that a partition may be ahead of another one that has records left.
  /// The kernel wants less than six hours; and only events that are read close together are added up in
  /// one rollup row before it is written.
  private static let slack: Int64 = 1_800_000
  /// The same of listens. A play is told when its end and ten minutes have passed: its page view has been read by then.
  private static let slackOfListens: Int64 = 480_000
  /// Milliseconds to wait for a record.
  private static let idleWait = 10

  final class Input {
    let topic: Topic
    let start: Start
    let kernel: Kernel
    let reader: any LogReader
    /// Grows with the first records: most of many partitions may be idle.
    let batch = RecordBatch(capacity: 1 << 10)
    var cursor = 0
    /// One past the last record folded or replayed.
    private(set) var next: Int64
    /// Event time of the last record.
    var lastTs = Int64.min
    /// Records below this are in the log for certain, though they may take a while to come.
    let known: Int64
    /// Where event time stood at the last place that `savePoint` noted, in units of `pointDistance`.
    var lastPoint = Int64.min

    init(topic: Topic, start: Start, kernel: Kernel, reader: any LogReader, known: Int64) {
      self.known = known
      self.topic = topic
      self.start = start
      self.kernel = kernel
      self.reader = reader
      next = start.replay.offset
    }

    /// Notes that everything below an offset has been folded, replayed or passed over.
    func advance(to offset: Int64) {
      assert(offset >= next, "\(start.source): back from offset \(next) to \(offset)")
      next = offset
    }

    /// Checks that the kernel gets the topic's records in order.
    func assertInOrder(_ offset: Int64) {
      assert(offset >= next, "\(start.source): record \(offset) after offset \(next) was reached")
    }

    var hasBuffered: Bool { cursor < batch.count }
    var isAtEnd: Bool { start.end.map { next >= $0 } ?? false }
    /// True while the log has further records of it for certain.
    var isOpen: Bool { !isAtEnd && (hasBuffered || next < known) }

    /// How far the partition has come in event time. This is the watermark, so that neither a late event
    /// nor a wild clock makes the partition look behind or ahead; before there is one, the last record's.
    var progress: Int64 {
      let mark = kernel.watermark(topic)
      return mark == Int64.min ? lastTs : mark
    }
  }

  let decoder = EventDecoder()
  private(set) var inputs: [Input] = []
  let log: any EventLog
  private let output: KernelOutput
  private let ahead: [TopicPartition: [CountedAhead]]
  private let history: (TopicPartition, Int64) throws -> ReplayPoint?
  let makeKernel: () -> Kernel
  private(set) var kernels: [Int32: Kernel] = [:]
  /// What came of the records from the starts' `from` on, so far.
  public internal(set) var counts = FeedCounts()
  private var quarantined: [QuarantinedRecord] = []
  /// The offsets of all out-of-window records read so far, by partition, in offset order; `readDeferred` reads
  /// the records themselves, which may be more than fit into memory. Empty where `keepsDeferredRecords` is true.
  public internal(set) var deferred: [TopicPartition: [Int64]] = [:]
  /// Whether deferred records are kept whole for `takeDeferredRecords`, and not as offsets in `deferred`.
  public var keepsDeferredRecords = false
  var deferredRecords: [DeferredRecord] = []
  private var rotation = 0
  /// True when the next record asks for a past that the kernels have not read. This feed then reads
  /// nothing more; a new feed that begins at the committed offsets reads that past and goes on.
  public private(set) var needsHistory = false
  private var savedPoints: [TopicPartition: [ReplayPoint]] = [:]

  /// Opens a reader for each start. The topics of one partition number share a kernel.
  /// - Parameters:
  ///   - ahead: what was counted ahead of the crowd below the starts' `from` (`countedAhead`).
  ///   - history: for a partition and a timestamp (milliseconds since 1970), the last place before which
  ///     no record in the window is as late as the timestamp; nil where no such place is known, and the
  ///     log is then read from its start.
  ///   - configure: gets each kernel before it gets any record.
  /// - Throws: `.badURL` for another topic, `.diverged` where the log does not have the records that were
  ///   committed, and any error of opening a reader.
  public init(
    log: any EventLog, starts: [Start], output: KernelOutput, configuration: Kernel.Configuration,
    ahead: [TopicPartition: [CountedAhead]] = [:],
    history: @escaping (TopicPartition, Int64) throws -> ReplayPoint? = { _, _ in nil },
    configure: @escaping (Kernel) -> Void = { _ in }
  ) throws(EventLogError) {
    self.log = log
    self.output = output
    self.ahead = ahead
    self.history = history
    makeKernel = {
      let kernel = Kernel(configuration: configuration, output: output)
      configure(kernel)
      return kernel
    }
    let bounds = try log.bounds(of: starts.map(\.source))
    for start in starts {
      let kernel = kernels[start.source.partition] ?? makeKernel()
      kernels[start.source.partition] = kernel
      guard let bounds = bounds[start.source] else {
        throw EventLogError(.unavailable, "\(log.url): \(start.source) is not there any more")
      }
      inputs.append(try open(start, kernel, bounds))
    }
  }

  private func open(_ start: Start, _ kernel: Kernel, _ bounds: LogBounds) throws(EventLogError)
    -> Input
  {
    guard let topic = Topic(name: start.source.topic) else {
      throw EventLogError(.badURL, "\(start.source): not a topic of Polyrhythm")
    }
    try log.verify(start.source, committed: start.from, epoch: start.logEpoch, end: bounds.end)
    kernel.restore(
      topic, watermark: start.replay.watermark, isWhole: start.replay.offset <= bounds.start)
    kernel.remember(topic, ahead: ahead[start.source] ?? [])
    // Records below `from` were counted, and retention may have dropped them since.
    let reader = try log.reader(
      of: start.source, from: max(start.replay.offset, min(bounds.start, start.from)),
      within: bounds)
    let input = Input(
      topic: topic, start: start, kernel: kernel, reader: reader, known: start.end ?? bounds.end)
    noteUnread(input)
    return input
  }

  /// Tells the kernel whether the topic has more to come for certain.
  private func noteUnread(_ input: Input) { input.kernel.note(input.topic, isUnread: input.isOpen) }

  /// Rebuilds the kernels' state from the records before each start. Call once, before `step`.
  /// - Parameter isStopped: asked now and then; true ends the replay early, and the feed is of no use then.
  /// - Throws: `EventLogError`, or what `history` throws.
  public func replay(isStopped: () -> Bool = { false }) throws {
    guard try readAgain(isStopped) else { return }
    if try beginFurtherBack() {
      guard try readAgain(isStopped) else { return }
    }
    for kernel in kernels.values { kernel.beginEmitting() }
  }

  /// The unread records of a topic may ask for more of another topic's past than was read again. The
  /// partitions where that is so begin anew, with a fresh kernel and from far enough back.
  /// - Returns: whether there was such a partition.
  private func beginFurtherBack() throws -> Bool {
    var hasAny = false
    for (partition, kernel) in kernels {
      let needed = kernel.neededHistory()
      guard !needed.isEmpty else { continue }
      hasAny = true
      let fresh = makeKernel()
      kernels[partition] = fresh
      for index in inputs.indices where inputs[index].start.source.partition == partition {
        var start = inputs[index].start
        if let need = needed.first(where: { $0.topic == inputs[index].topic }) {
          let first = try log.startOffset(of: start.source)
          let point = try history(start.source, need.before)
          // A place after the replay offset is of no use, as the records between the two may be needed too.
          start.replay =
            point.flatMap { $0.offset >= first && $0.offset < start.replay.offset ? $0 : nil }
            ?? ReplayPoint(offset: first, watermark: Watermark())
        }
        inputs[index] = try open(start, fresh, log.bounds(of: start.source))
      }
    }
    return hasAny
  }

  private func readAgain(_ isStopped: () -> Bool) throws(EventLogError) -> Bool {
    let isLeft = { (input: Input) in input.next < input.start.from }
    while let input = mostBehind(where: isLeft) {
      if isStopped() { return false }
      if !input.hasBuffered {
        let read = try input.reader.read(
          into: input.batch, maxBytes: Self.batchBytes, waitMilliseconds: 1000)
        input.cursor = 0
        if read == 0 {
          // A Kafka log may have no record just below the committed offset: then all has been read.
          if input.reader.position >= input.start.from { input.advance(to: input.start.from) }
          noteUnread(input)
          continue
        }
      }
      replayBuffered(input, until: bound(for: input, among: isLeft))
      noteUnread(input)
    }
    return true
  }

  private func replayBuffered(_ input: Input, until bound: Int64) {
    while input.hasBuffered {
      if input.lastTs > bound, input.progress > bound { return }
      let offset = input.batch.entries[input.cursor].offset
      if offset >= input.start.from { return input.advance(to: input.start.from) }
      input.assertInOrder(offset)
      // A record that cannot be decoded was quarantined when it was first read.
      if let event = try? decoder.decode(input.batch[input.cursor], as: input.topic) {
        input.lastTs = event.ts
        input.kernel.fold(event, offset: offset)
      }
      input.cursor += 1
      input.advance(to: offset + 1)
    }
    input.advance(to: max(input.next, min(input.batch.nextOffset, input.start.from)))
  }

  /// Folds some records of the partition that is furthest behind in event time. Where the log is known to
  /// have more records of it that are not there yet, waits up to 10 ms for them.
  /// - Parameter wait: whether to wait up to 10 ms also when no partition is known to have more records.
  /// - Returns: the number of records folded or quarantined; 0 where none came, or where `needsHistory`.
  /// - Throws: `EventLogError` where the log cannot be read.
  public func step(wait: Bool) throws(EventLogError) -> Int {
    if needsHistory { return 0 }
    output.tidy(kernels.values)
    if let input = mostBehind(where: { $0.isOpen }) {
      if !input.hasBuffered, try !fill(input, wait: Self.idleWait) { return 0 }
      return fold(input, until: bound(for: input) { $0.isOpen })
    }
    rotation += 1
    var filled = false
    for i in 0..<inputs.count {
      let input = inputs[(i + rotation) % inputs.count]
      if !input.isAtEnd, try fill(input, wait: 0) { filled = true }
    }
    if !filled, wait, let input = inputs.first(where: { !$0.isAtEnd }) {
      filled = try fill(input, wait: Self.idleWait)
    }
    guard filled, let input = mostBehind(where: { $0.isOpen }) else { return 0 }
    return fold(input, until: bound(for: input) { $0.isOpen })
  }

  /// The event time up to which an input may go before another one gets its turn.
  private func bound(for input: Input, among condition: (Input) -> Bool) -> Int64 {
    var least = Int64.max
    for other in inputs where other !== input && condition(other) {
      least = min(least, other.progress)
    }
    let slack = input.topic == .listen ? Self.slackOfListens : Self.slack
    return least == Int64.max ? least : max(least, input.progress) + slack
  }

  private func fill(_ input: Input, wait: Int) throws(EventLogError) -> Bool {
    let read = try input.reader.read(
      into: input.batch, maxBytes: Self.batchBytes, waitMilliseconds: wait)
    input.cursor = 0
    if read == 0 { pass(input, to: input.reader.position) }
    noteUnread(input)
    return read > 0
  }

  private func mostBehind(where condition: (Input) -> Bool) -> Input? {
    var best: Input?
    for input in inputs where condition(input) {
      if best == nil || input.progress < best!.progress { best = input }
    }
    return best
  }

  private func fold(_ input: Input, until bound: Int64) -> Int {
    savePoint(input)
    defer { noteUnread(input) }
    var folded = 0
    while input.hasBuffered && !input.isAtEnd {
      if input.lastTs > bound, input.progress > bound { return folded }
      let offset = input.batch.entries[input.cursor].offset
      if let end = input.start.end, offset >= end {
        pass(input, to: end)
        return folded
      }
      input.assertInOrder(offset)
      pass(input, to: offset)
      let record = input.batch[input.cursor]
      do {
        let event = try decoder.decode(record, as: input.topic)
        input.lastTs = event.ts
        let verdict = input.kernel.fold(event, offset: offset)
        if verdict == .needsHistory {
          needsHistory = true
          return folded
        }
        tally(verdict, input, offset)
        if verdict == .deferred { deferRecord(record, input, offset) }
      } catch {
        counts.quarantined += 1
        quarantined.append(
          QuarantinedRecord(
            source: input.start.source, offset: offset, reason: error.reason,
            raw: Array(StrayRecord.document(in: record) ?? record)))
      }
      input.cursor += 1
      input.advance(to: offset + 1)
      folded += 1
    }
    if !input.hasBuffered { pass(input, to: input.batch.nextOffset) }
    return folded
  }

  /// Passes over offsets that have no record, up to the input's end at most.
  private func pass(_ input: Input, to offset: Int64) {
    let bound = min(offset, input.start.end ?? Int64.max)
    guard bound > input.next else { return }
    counts.absent += Int(bound - input.next)
    input.advance(to: bound)
  }

  private func tally(_ verdict: Verdict, _ input: Input, _ offset: Int64) {
    switch verdict {
    case .counted: counts.count(input.topic)
    case .countedOutOfWindow:
      counts.count(input.topic)
      counts.countLate(at: input.lastTs)
    case .redelivered: counts.redelivered += 1
    case .deferred, .needsHistory: break
    }
  }

  /// Milliseconds of event time between two places that `savePoint` notes.
  private static let pointDistance: Int64 = 6 * 3_600_000

  private func savePoint(_ input: Input) {
    let mark = input.kernel.watermarkState(input.topic)
    guard let greatest = mark.greatest else { return }
    let number = greatest / Self.pointDistance
    guard number != input.lastPoint else { return }
    input.lastPoint = number
    savedPoints[input.start.source, default: []].append(
      ReplayPoint(offset: input.next, watermark: mark))
  }

  /// Places that the partitions can be read again from, six hours of event time apart, found since the
  /// last call. They are facts about the log, so that any later feed may get them as its `history`.
  public func takeReplayPoints() -> [TopicPartition: [ReplayPoint]] {
    defer { savedPoints = [:] }
    return savedPoints
  }

  /// The records quarantined since the last call, in the order in which they were read.
  public func takeQuarantined() -> [QuarantinedRecord] {
    defer { quarantined = [] }
    return quarantined
  }
}
