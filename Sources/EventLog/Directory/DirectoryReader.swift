import Glibc

/// Reads one partition of a directory log, segment after segment, and waits at its end.
final class DirectoryReader: LogReader {
  var partition: TopicPartition { directory.partition }
  private(set) var position: Int64

  private let directory: PartitionDirectory
  private let options: DirectoryOptions
  /// None where nothing is there at `position` yet.
  private var source: (any SegmentSource)?
  /// Offset of the first line of `source`.
  private var sourceBase: Int64 = -1
  /// Offset of the line that `source` stands at; less than `position` after opening between two
  /// index entries.
  private var lineOffset: Int64 = 0

  /// Of a raw segment.
  private var check: LineCheck?
  /// A line from this offset on that has a zero byte in it was torn by a power failure: the log ends
  /// before it, and its next writer will cut it there.
  private var unsure = Int64.max
  /// Whether `split` stopped at such a line.
  private var isTorn = false

  /// Milliseconds from one look at the end of the log to the next.
  private static let pollMilliseconds = 2
  private static let readBytesMin = 4 << 10

  init(_ directory: PartitionDirectory, from offset: Int64, options: DirectoryOptions)
    throws(EventLogError)
  {
    self.directory = directory
    self.options = options
    position = max(offset, 0)
    let segments = try directory.segments()
    guard let last = segments.last else {
      position = max(position, try directory.startMark())
      if offset > position { throw beyondEnd(offset, end: position) }
      return
    }
    try skipToStart(segments)
    if position >= last.base {
      let end = try SegmentEnd.find(directory, last, PartitionEpochs.load(directory))
      if position > end { throw beyondEnd(position, end: end) }
    }
    try open(segments)
  }

  /// Moves up to where the log begins. Records are missed only where they lie between `position` and the
  /// first segment: a reader that begins above a lost head does not need it.
  private func skipToStart(_ segments: [PartitionDirectory.Segment]) throws(EventLogError) {
    guard let first = segments.first else { return }
    let start =
      position < first.base ? try directory.start(segments) : try directory.startMark()
    position = max(position, start)
  }

  private func beyondEnd(_ offset: Int64, end: Int64) -> EventLogError {
    EventLogError(
      .damaged,
      "\(partition) in \(directory.path) ends at offset \(end), before \(offset) where reading was "
        + "to begin; records were lost, or this is another log than before")
  }

  func read(into batch: RecordBatch, maxBytes: Int, waitMilliseconds: Int) throws(EventLogError)
    -> Int
  {
    // Taken out of the batch, so that appending is not an access to a class's property each time.
    var entries: [RecordBatch.Entry] = []
    swap(&entries, &batch.entries)
    defer { swap(&entries, &batch.entries) }
    entries.removeAll(keepingCapacity: true)
    batch.timestamps.removeAll(keepingCapacity: true)
    batch.nextOffset = position
    let count = max(maxBytes, Self.readBytesMin)
    var deadline: ContinuousClock.Instant?
    while true {
      while try fill(batch, &entries, count) {
        if !entries.isEmpty {
          batch.nextOffset = position
          return entries.count
        }
      }
      if deadline == nil {
        try checkChain(batch, &entries, count)
        if !entries.isEmpty {
          batch.nextOffset = position
          return entries.count
        }
      }
      let now = ContinuousClock.now
      let end = deadline ?? now + .milliseconds(waitMilliseconds)
      deadline = end
      if now >= end { return 0 }
      let left = end - now
      let pause = min(left, .milliseconds(Self.pollMilliseconds))
      usleep(UInt32(pause / .microseconds(1)) + 1)
    }
  }

  /// Takes lines from the present segment, or goes on to the next one.
  /// - Returns: whether there was either; false at the end of the log.
  private func fill(
    _ batch: RecordBatch, _ entries: inout [RecordBatch.Entry], _ maxBytes: Int
  ) throws(EventLogError) -> Bool {
    guard let source else {
      try open(directory.segments())
      return self.source != nil
    }
    var wanted = maxBytes
    while true {
      batch.reserve(wanted)
      let count = try source.peek(into: batch.storage, count: wanted, offset: lineOffset)
      let consumed = try split(batch.storage, count, source, &entries)
      if consumed > 0 {
        source.consume(consumed)
        return true
      }
      if isTorn { return try openNext() }
      if count > 0, let raw = source as? RawSource {
        try check?.verifyUnfinished(raw.position, count, lineOffset, partition)
      }
      if count < wanted {
        if count > 0, source.isImmutable { throw unfinished(source) }
        return try openNext()
      }
      // A line longer than what was asked for.
      guard wanted < RecordEscape.escapedCount(options.recordBytesMax) + 1 else {
        throw EventLogError(
          .tooLarge,
          "the record at offset \(lineOffset) of \(partition), \(source.place), has more than "
            + "\(options.recordBytesMax) bytes; raise record.bytes.max")
      }
      wanted *= 2
    }
  }

  /// Notes the whole lines among `count` bytes.
  /// - Returns: the bytes up to and with the last newline.
  private func split(
    _ start: UnsafeMutableRawPointer, _ count: Int, _ source: any SegmentSource,
    _ entries: inout [RecordBatch.Entry]
  ) throws(EventLogError) -> Int {
    var offset = lineOffset
    let wanted = position
    var line = 0
    let sourcePosition = (source as? RawSource)?.position ?? 0
    try check?.refresh(at: sourcePosition)
    var checkAt =
      check.map { $0.position == Int.max ? Int.max : $0.position - sourcePosition } ?? Int.max
    isTorn = false
    let mayBeTorn = unsure != Int64.max && memchr(start, 0, count) != nil
    while true {
      if line >= checkAt {
        try check?.verify(sourcePosition + line, offset, partition)
        checkAt =
          check.map { $0.position == Int.max ? Int.max : $0.position - sourcePosition } ?? Int.max
      }
      guard line < count else { break }
      let newline = memchr(start + line, Int32(RecordEscape.newline), count - line)
      let length = newline.map { $0 - (start + line) } ?? count - line
      // A line that has no end yet is torn too, if there is a zero byte in it.
      if mayBeTorn, offset >= unsure, memchr(start + line, 0, length) != nil {
        isTorn = true
        break
      }
      guard newline != nil else { break }
      // An empty line is an offset without a record.
      if length > 0, offset >= wanted {
        guard let payload = RecordEscape.unescape(start + line, count: length) else {
          // The records before this one are given first; the next read comes here again.
          if !entries.isEmpty { break }
          throw EventLogError(
            .damaged,
            "the record at offset \(offset) of \(partition), \(source.place), is escaped but is "
              + "not base64; restore the file")
        }
        entries.append(.init(offset: offset, start: line, count: payload))
      }
      offset += 1
      line += length + 1
    }
    assert(
      line <= count && offset >= lineOffset,
      "\(line) bytes of \(count), offset \(offset) after \(lineOffset)")
    lineOffset = offset
    position = max(wanted, offset)
    assert(
      entries.last.map { $0.offset < position && $0.start + $0.count <= line } ?? true,
      "record \(entries.last!) beyond offset \(position) or byte \(line)")
    return line
  }

  // MARK: - From segment to segment

  /// Opens the segment that has `position`, near it.
  private func open(_ segments: [PartitionDirectory.Segment]) throws(EventLogError) {
    guard let first = segments.first else { return }
    // The log was empty when this reader was made, and has begun above 0 since.
    if position < first.base { position = max(position, try directory.start(segments)) }
    guard let segment = segments.last(where: { $0.base <= position }) else { return }
    if segment.kind == .gap {
      try enterGap(segment.base)
    } else {
      try open(segment)
    }
  }

  private func open(_ segment: PartitionDirectory.Segment) throws(EventLogError) {
    if try openIfThere(segment) { return }
    // The segment was compressed after it was listed.
    guard segment.kind == .raw,
      try openIfThere(.init(base: segment.base, kind: .compressed))
    else { throw .system(ENOENT, "cannot open", directory.filePath(segment)) }
  }

  private func openIfThere(_ segment: PartitionDirectory.Segment) throws(EventLogError) -> Bool {
    guard let file = try File.openIfThere(directory.filePath(segment), O_RDONLY) else {
      return false
    }
    var start = SegmentIndex.Entry.beginning(segment.base)
    if position > segment.base {
      let index = try SegmentIndex.load(
        directory.indexPath(segment), base: segment.base, segmentBytes: try file.size())
      start = index.entry(atOrBefore: position) ?? start
    }
    assert(
      segment.base <= start.offset && start.offset <= position,
      "\(start.offset) is not from the segment \(segment.base) up to \(position)")
    lineOffset = start.offset
    sourceBase = segment.base
    check = nil
    unsure = Int64.max
    if segment.kind == .raw {
      check = try LineCheck(
        file, indexPath: directory.indexPath(segment), base: segment.base, from: start)
      unsure = try PartitionEpochs.load(directory).unsureFrom(directory) ?? Int64.max
    }
    source =
      segment.kind == .raw
      ? RawSource(file, at: Int(start.position))
      : CompressedSource(file, at: Int(start.position))
    return true
  }

  /// Goes on where the present segment ends, if the log goes on there. Only names are tried: a
  /// segment that grew meanwhile has no successor at `lineOffset`.
  private func openNext() throws(EventLogError) -> Bool {
    // A segment that is still empty is not its own successor.
    if sourceBase != lineOffset {
      if try openIfThere(.init(base: lineOffset, kind: .raw)) { return true }
      if try openIfThere(.init(base: lineOffset, kind: .compressed)) { return true }
    }
    return try enterGap(lineOffset)
  }

  /// - Returns: whether there is a gap at `base`.
  @discardableResult
  private func enterGap(_ base: Int64) throws(EventLogError) -> Bool {
    guard let end = try directory.gapEnd(base) else { return false }
    assert(end > lineOffset || lineOffset == 0, "a gap ends at \(end), before \(lineOffset)")
    position = max(position, end)
    lineOffset = end
    sourceBase = base
    check = nil
    source = GapSource(path: directory.gapPath(base))
    return true
  }

  /// At the end of what can be read, makes sure that it is the end of the log.
  private func checkChain(
    _ batch: RecordBatch, _ entries: inout [RecordBatch.Entry], _ maxBytes: Int
  ) throws(EventLogError) {
    guard let later = try directory.segments().last(where: { $0.base > lineOffset }) else { return }
    // What lies before `later` was there when it was listed, so that it can be read now.
    while try fill(batch, &entries, maxBytes) {
      if !entries.isEmpty || lineOffset >= later.base { return }
    }
    throw EventLogError(
      .damaged,
      "\(partition) in \(directory.path) has nothing from offset \(lineOffset) up to "
        + "\(directory.filePath(later)): a segment is missing or cut short; restore it")
  }

  private func unfinished(_ source: any SegmentSource) -> EventLogError {
    EventLogError(
      .damaged,
      "\(source.place) ends in the middle of the record at offset \(lineOffset) of \(partition); "
        + "restore the file")
  }
}

/// Stands where a gap ends and the next segment is still to come.
private final class GapSource: SegmentSource {
  let place: String
  let isImmutable = false

  init(path: String) { place = path }

  func peek(into target: UnsafeMutableRawPointer, count: Int, offset: Int64) -> Int { 0 }
  func consume(_ count: Int) {}
}
