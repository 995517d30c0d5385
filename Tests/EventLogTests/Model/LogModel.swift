import TestKit

@testable import EventLog

/// Random actions on a partition of a directory log, each compared with a list in memory. The same seed
/// takes the same actions, and on a simulated disk they have the same outcome.
///
/// Two offsets say what the log promises: readers see the records below `flushed`, also after the process has
/// died, and the records below `synced` survive a power loss. A record that was not appended is never there.
final class LogModel {
  enum Disk: String, CaseIterable, Sendable {
    /// A crash ends the process only: what the process wrote is there.
    case real
    /// A crash takes the power too, at any step of an action: what was not synced is lost or torn.
    case simulated
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// One line for each action, with its outcome.
  private(set) var trace: [String] = []

  private let disk: Disk
  private var random: SeededRandom
  private let scratch = Scratch()
  private let log: DirectoryLog
  private let clock = MovedClock()
  private let device: SimulatedDisk?
  private let directory: PartitionDirectory
  private var appender: PartitionAppender?
  private var reader: (any LogReader)?
  private var position: Int64 = 0

  /// The records that were appended and may still be there, in order.
  private var records: [Record] = []
  /// The appender's next offset; where the power went during an append, the highest that it can have reached.
  private var next: Int64 = 0
  private var flushed: Int64 = 0
  private var synced: Int64 = 0
  /// Where the partition begins since `retain` last moved its start.
  private var start: Int64 = 0
  /// The start that `retain` is writing: after a power loss the partition may begin there, or at `start`.
  private var pendingStart: Int64?
  private var committed: (offset: Int64, epoch: LogEpoch?) = (0, nil)

  init(_ disk: Disk, seed: UInt64) throws {
    self.disk = disk
    random = SeededRandom(seed: seed)
    let clock = clock
    let sealsEarly = Int.random(in: 1...1500, using: &random)
    log = try makeLog(
      scratch, segmentBytes: Int.random(in: 1...4000, using: &random),
      level: random.chance(0.7) ? 1 : nil,
      change: {
        $0.segmentBytesMin = sealsEarly
        $0.clock = clock.now
      })
    device = disk == .simulated ? try SimulatedDisk(root: log.path) : nil
    directory = PartitionDirectory(path: log.partitionPath, partition: part)
    appender = try log.appender(of: part)
    reader = try log.reader(of: part, from: 0)
  }

  func run(steps: Int) throws {
    for _ in 0..<steps { try step(act) }
    try step { try losePowerIfCut() }
    try step(reopen)
    let end = try log.endOffset(of: part)
    try require(end == next, "ends at \(end)")
    try require(try log.records() == expected(from: 0, below: next), "records differ at the end")
  }

  /// Takes one action. A power loss in the middle of the action is no failure.
  private func step(_ action: () throws -> Void) throws {
    do {
      try action()
    } catch let error as EventLogError
      where device != nil && error.code == .io && error.message.contains("no power")
    {
      note("… no power")
      try losePower()
    } catch let error as EventLogError {
      try require(false, "\(error)")
    }
  }

  private func act() throws {
    switch random.below(100) {
    case 0..<42: try append()
    case 42..<54: try flush()
    case 54..<58: try sync()
    case 58..<62: try commit()
    case 62..<67: try die()
    case 67..<71: try reopen()
    case 71..<74: try compress()
    case 74..<84: try readOn()
    case 84..<92: try readAfresh()
    case 92..<94: try retain()
    case 94: passTime()
    case 95..<97: cutPowerSoon()
    default: if device != nil { try losePower() }
    }
  }

  private func note(_ line: String) { trace.append("\(trace.count): \(line)") }

  private func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    if condition { return }
    throw Failure(
      description: "\(what()); next \(next), flushed \(flushed), synced \(synced), start \(start); "
        + "the last actions:\n\(trace.suffix(12).joined(separator: "\n"))")
  }

  /// What a reader that begins at an offset is to find.
  private func expected(from offset: Int64, below end: Int64) -> [Record] {
    records.filter { $0.offset >= max(offset, start) && $0.offset < end }
  }

  private func writer() throws -> PartitionAppender {
    if let appender { return appender }
    let opened = try log.appender(of: part)
    appender = opened
    return opened
  }

  // MARK: - Writing

  private func append() throws {
    let payload = (0..<random.below(220)).map { _ in UInt8(random.below(41)) }
    var offset = next
    if random.below(12) == 0 { offset += [1, 3, 5000][random.below(3)] }
    note("append \(payload.count) bytes at \(offset)")
    // Where the power goes before the record is taken, the gap below the record may be there already.
    next = offset
    let taken = try payload.withUnsafeBytes {
      try writer().append(at: offset, timestamp: Int64(trace.count), payload: $0)
    }
    try require(taken, "offset \(offset) is there already")
    records.append(Record(offset, payload))
    next = offset + 1
    let found = try writer().nextOffset
    try require(found == next, "goes on at \(found)")
  }

  private func flush() throws {
    note("flush")
    try writer().flush()
    flushed = next
  }

  private func sync() throws {
    note("sync")
    try writer().sync()
    flushed = next
    synced = next
  }

  private func compress() throws {
    note("compress")
    try writer().finishCompression()
  }

  private func reopen() throws {
    note("close and open")
    try writer().close()
    flushed = next
    synced = next
    appender = nil
    let found = try writer().nextOffset
    try require(found == next, "goes on at \(found)")
  }

  /// The process dies. An appender also writes by itself, when a segment or its buffer is full, so that
  /// records above `flushed` may be there.
  private func die() throws {
    note("die")
    appender = nil
    let found = try writer().nextOffset
    try require((flushed...next).contains(found), "goes on at \(found)")
    goOn(at: found)
  }

  private func goOn(at end: Int64) {
    records.removeAll { $0.offset >= end }
    next = end
    flushed = end
    trace[trace.count - 1] += ": goes on at \(end)"
  }

  /// Says that the partition begins later, and removes the segments that lie below as a whole.
  private func retain() throws {
    let first = try log.startOffset(of: part)
    guard first < flushed else { return }
    let kept = Int64.random(in: first...flushed, using: &random)
    note("retain from \(kept)")
    pendingStart = kept
    try log.moveStart(of: part, to: kept)
    start = kept
    pendingStart = nil
    // A reader below the new start would fail at the segments that are removed next.
    if position < kept {
      reader = try log.reader(of: part, from: kept)
      position = kept
    }
    let segments = try directory.segments()
    for (segment, following) in zip(segments, segments.dropFirst()) where following.base <= kept {
      try File.remove(directory.filePath(segment))
      try File.remove(directory.indexPath(segment))
    }
  }

  /// The growing segment becomes old, and is sealed by the next write, flush or sync.
  private func passTime() {
    note("two hours pass")
    clock.pass(minutes: 120)
  }

  // MARK: - Reading

  /// Commits the log's end, as a reader with a database does: syncs up to it and notes its log epoch.
  private func commit() throws {
    note("commit")
    let end = try log.endOffset(of: part)
    try require((flushed...next).contains(end), "ends at \(end)")
    try log.sync(part, upTo: end)
    committed = (end, try log.epoch(of: part, before: end))
    synced = max(synced, end)
  }

  private func readOn() throws {
    note("read on from \(position)")
    let batch = RecordBatch()
    let reader = try reader ?? log.reader(of: part, from: position)
    self.reader = reader
    _ = try reader.read(into: batch, maxBytes: 300, waitMilliseconds: 0)
    let all = expected(from: position, below: next)
    try require(batch.records == Array(all.prefix(batch.count)), "read \(batch.records)")
    try require(
      batch.count > 0 || all.first.map { $0.offset >= flushed } ?? true,
      "\(all.first!) was flushed and is not read")
    try require(batch.nextOffset >= position, "goes back to \(batch.nextOffset)")
    position = batch.nextOffset
  }

  private func readAfresh() throws {
    let from = Int64.random(in: 0...flushed, using: &random)
    note("read from \(from)")
    let found = try log.records(from: from)
    let all = expected(from: from, below: next)
    try require(found == Array(all.prefix(found.count)), "read \(found)")
    let promised = expected(from: from, below: flushed).count
    try require(found.count >= promised, "\(found.count) records of \(promised)")
    reader = try log.reader(of: part, from: from)
    position = from
  }

  // MARK: - Power

  private func cutPowerSoon() {
    guard let device else { return }
    let changes = random.below(60)
    note("cut the power after \(changes) changes")
    device.cutPower(after: changes)
  }

  private func losePowerIfCut() throws { if device != nil { try losePower() } }

  private func losePower() throws {
    guard let device else { return }
    appender = nil
    reader = nil
    position = 0
    let lost = try device.powerLoss(seed: random.next())
    note("lose power, and \(lost.count) changes")
    let first = try log.startOffset(of: part)
    if let pendingStart, first == pendingStart { start = pendingStart }
    pendingStart = nil
    try require(start == 0 || first == start, "begins at \(first)")
    // A reader that comes before the next writer must see the same records as a reader after that writer.
    let end = try log.endOffset(of: part)
    try require((synced...next).contains(end), "ends at \(end); lost: \(lost)")
    let left = expected(from: 0, below: end)
    try require(try log.records() == left, "a reader before the writer sees others; lost: \(lost)")
    try log.verify(part, committed: committed.offset, epoch: committed.epoch)
    let found = try writer().nextOffset
    try require(found == end, "goes on at \(found) and not \(end); lost: \(lost)")
    try require(try log.records() == left, "a reader after the writer sees others; lost: \(lost)")
    goOn(at: end)
    synced = end
  }
}
