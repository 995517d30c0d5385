import Glibc
import Support

/// Appends to one partition of a directory log, at offsets that the caller may choose. It holds the
/// partition's lock as long as it lives. Not shared between threads. docs/log-format.md has the files.
///
/// A record goes through three states:
///
///     append ──> queued, in `buffer`   lost with this process
///     flush ───> in the file           readers see it; lost with the power
///     sync ────> on the device         lost with the disk only
///
/// The partition is a row of segments, each sealed (synced, never changed again, compressed beside the
/// appender) before the next one begins; gaps between them have no records. The last one is sealed when it is full or
/// old (`SegmentAge`), which a write, a flush or a sync notices. An appender that opens goes
/// on behind the last whole line: a torn end is cut off, and what a power failure may have torn is looked for
/// behind the last log epoch whose end is known. After a sync that failed nobody knows what is on the device,
/// so the appender takes no more.
public final class PartitionAppender {
  /// What it appends to.
  public var partition: TopicPartition { directory.partition }
  /// The offset of the next record; records below it are here or were never there.
  public internal(set) var nextOffset: Int64 = 0

  let directory: PartitionDirectory
  private let options: DirectoryOptions
  let compressor: SegmentCompressor
  private let ownsCompressor: Bool
  /// nil where the caller has it.
  private let lock: PartitionLock?

  /// The segment that grows; none before the first record and after a gap. There is an index where there is
  /// a file.
  var file: File?
  var index: SegmentIndexWriter?
  var base: Int64 = 0
  /// Bytes in the file, whole lines all of them.
  var fileBytes = 0
  /// Latest time among the segment's records, those in the buffer included.
  var latest = Int64.min
  var age: SegmentAge
  /// Lines that are not in the file yet.
  private var buffer: UnsafeMutableRawPointer
  private var bufferBytes: Int
  private var buffered = 0
  /// A sync failed: what is on the device is not known any more.
  private var isBroken = false
  private var isClosed = false
  var isDirectoryDirty = false
  /// Whether the segment may have bytes that are not on the device yet.
  var isFileDirty = false
  /// Whether the partition had nothing when this writer came.
  var wasEmpty = false
  var epochs = PartitionEpochs()
  /// The first record of this writer: the writer's log epoch has to be on the device before that record.
  private var firstOffset: Int64 = 0
  private var hasEpoch = false
  private let isCopy: Bool

  /// Absent offsets are empty lines up to this many, and a gap between two segments beyond: so many lines take
  /// less room than the files of one more segment.
  static let gapLinesMax: Int64 = 4096
  /// The same where most offsets are those of other topics' records: a gap for each record of a rare kind would be a segment
  /// for each.
  static let mixedGapLinesMax: Int64 = 1 << 20

  /// - Parameter isLocked: whether the caller holds a lock that keeps other writers out.
  init(
    _ directory: PartitionDirectory, options: DirectoryOptions, time: RecordTime?,
    isCopy: Bool = false, isLocked: Bool = false, sharing compressor: SegmentCompressor? = nil
  ) throws(EventLogError) {
    self.directory = directory
    self.options = options
    self.isCopy = isCopy
    age = SegmentAge(options)
    self.compressor = compressor ?? SegmentCompressor(options)
    ownsCompressor = compressor == nil
    lock = isLocked ? nil : try PartitionLock(directory)
    bufferBytes = options.bufferBytes
    buffer = .allocate(byteCount: bufferBytes, alignment: 64)
    try recover(time: time)
    try epochs.requireEnd(nextOffset, directory)
    assert(
      nextOffset >= base, "\(directory.partition) ends at \(nextOffset), before its segment \(base)"
    )
    firstOffset = nextOffset
  }

  deinit {
    // The compressor must not work on the partition any more once its lock is gone.
    compressor.stop()
    buffer.deallocate()
  }

  /// The log epoch of the record below `offset`, as far as that record is flushed.
  func epoch(before offset: Int64) -> LogEpoch? { epochs.epoch(before: offset) }

  /// Where the partition ends, once it is flushed.
  var end: SourceRecord.End {
    SourceRecord.End(offset: nextOffset, epoch: epoch(before: nextOffset)?.rawValue)
  }

  // MARK: - Appending

  /// Queues one record at `offset`, leaving a gap before it where `offset` is beyond the next one.
  /// - Parameter timestamp: milliseconds since 1970, for the time index.
  /// - Returns: false, and nothing is done, where the partition already reaches beyond `offset`.
  /// - Throws: `.tooLarge`, or `.io` where the buffer was full and could not be written; the record
  ///   is not taken then, everything before it still is. `.closed` or `.unsynced` where `flush` throws it.
  @discardableResult
  public func append(at offset: Int64, timestamp: Int64, payload: UnsafeRawBufferPointer)
    throws(EventLogError) -> Bool
  {
    guard offset >= nextOffset else { return false }
    if offset > nextOffset { try skip(to: offset) }
    assert(nextOffset == offset, "the next offset is \(nextOffset) and not \(offset) after a gap")
    try append(timestamp: timestamp, payload: payload)
    return true
  }

  /// Says that the offsets below `offset` that are not here have no records; queued as a record is. Does nothing where
  /// the partition reaches so far already.
  /// - Parameter isMixed: whether many more of them are empty lines.
  /// - Throws: as `append` does.
  public func advance(to offset: Int64, isMixed: Bool = false) throws(EventLogError) {
    guard offset > nextOffset else { return }
    try skip(
      to: offset, inLines: true, linesMax: isMixed ? Self.mixedGapLinesMax : Self.gapLinesMax)
  }

  /// Has an empty partition begin at `offset`, as nobody wants what lies before it. Does nothing elsewhere.
  /// - Throws: as `append` does.
  func begin(at offset: Int64) throws(EventLogError) {
    if nextOffset == 0, offset > 0 { try skip(to: offset) }
  }

  /// Goes on behind records that the log's source has lost, and notes that they are. Returns when that is on the device.
  /// - Throws: as `flush` does.
  func pass(_ loss: AcceptedLoss) throws(EventLogError) {
    try directory.note(loss)
    if loss.range.offsets.upperBound > nextOffset { try skip(to: loss.range.offsets.upperBound) }
    try sync()
  }

  /// Queues one record at the next offset.
  public func append(timestamp: Int64, payload: UnsafeRawBufferPointer) throws(EventLogError) {
    guard payload.count <= options.recordBytesMax else {
      throw EventLogError(
        .tooLarge,
        "a record of \(payload.count) bytes is too large for \(partition), at most "
          + "\(options.recordBytesMax); leave it out or raise record.bytes.max")
    }
    let isEscaped = RecordEscape.isNeeded(payload)
    let count = isEscaped ? RecordEscape.escapedCount(payload.count) : payload.count
    try makeRoom(count + 1)
    // What follows writes to raw memory.
    precondition(
      buffered + count < bufferBytes,
      "no room for \(count) bytes after \(buffered) of \(bufferBytes)")
    index?.add(
      offset: nextOffset, position: fileBytes + buffered, timestamp: timestamp, latest: latest)
    let line = buffer + buffered
    if isEscaped {
      RecordEscape.escape(payload, into: line)
    } else {
      memcpy(line, payload.baseAddress!, count)
    }
    line.storeBytes(of: RecordEscape.newline, toByteOffset: count, as: UInt8.self)
    buffered += count + 1
    latest = max(latest, timestamp)
    nextOffset += 1
  }

  /// Returns when readers see what was appended so far and it survives the death of this process. A segment that has
  /// become old is sealed, so that whoever has nothing to append still calls this from time to time.
  /// - Throws: `.io` with what is not written still queued: once there is room, flush again. `.closed`, always,
  ///   after `close`; `.unsynced`, always, after a sync that failed with `.io`.
  public func flush() throws(EventLogError) {
    try write()
    if isOld { try seal() }
  }

  private func write() throws(EventLogError) {
    try requireUsable()
    guard buffered > 0, let file else { return }
    if !hasEpoch { try beginEpoch() }
    if fileBytes == 0 { age.begin() }
    var written = 0
    isFileDirty = true
    do throws(EventLogError) {
      try file.write(
        UnsafeRawBufferPointer(start: buffer, count: buffered), at: fileBytes, written: &written)
    } catch {
      keepWholeLines(written, file)
      throw EventLogError(
        error.code,
        "\(error.message) (\(partition), \(buffered) bytes not written, nothing before is lost)")
    }
    assert(written == buffered, "\(written) bytes written of \(buffered)")
    fileBytes += buffered
    buffered = 0
    index?.write(upTo: fileBytes)
  }

  /// `flush`, and returns when it is on the storage device: it survives a power failure.
  public func sync() throws(EventLogError) {
    try write()
    if isOld { try seal() } else { try syncWritten() }
  }

  private func syncWritten() throws(EventLogError) {
    if isFileDirty, let file { try sync(file) }
    if isDirectoryDirty { try syncDirectory() }
  }

  /// Lets readers tell this writer's records from those of any other. All below them is on the device
  /// first, so that only what the last writer wrote can be lost to a power failure.
  private func beginEpoch() throws(EventLogError) {
    if epochs.closedAt != firstOffset, !wasEmpty {
      if let file, fileBytes > 0 { try sync(file) }
      try syncDirectory()
    }
    // The segment's name is there already, and goes to the device with that of a new file of epochs.
    if try epochs.begin(directory, at: firstOffset, isCopy: isCopy) { isDirectoryDirty = false }
    hasEpoch = true
  }

  /// `sync`, and the partition can be written by others once the last reference has gone. Sealed segments that are
  /// small are compressed by then; large ones are left to the partition's next writer.
  public func close() throws(EventLogError) {
    guard !isClosed else { return }
    try sync()
    isClosed = true
    if ownsCompressor { compressor.close() }
    index?.close(offset: nextOffset, position: fileBytes, latest: latest)
    index = nil
    file = nil
    if hasEpoch { epochs.close(directory, at: nextOffset) }
    lock?.release()
  }

  /// `sync` for a writer of several partitions that is about to close the compressor they share. Does nothing after
  /// `close`.
  func syncUnlessClosed() throws(EventLogError) { if !isClosed { try sync() } }

  /// Returns when the segments sealed so far are compressed. Otherwise that goes on beside the
  /// appender.
  public func finishCompression() throws(EventLogError) { try compressor.finish() }

  /// After a write that came up short: whole lines of it stay, the rest goes from the file and is
  /// kept in the buffer.
  private func keepWholeLines(_ written: Int, _ file: File) {
    precondition(written <= buffered, "\(written) bytes written of \(buffered)")
    let kept = RecordEscape.lastNewline(buffer, written).map { $0 + 1 } ?? 0
    // Should even this fail, readers and recovery still stop at the last newline.
    try? file.truncate(to: fileBytes + kept)
    memmove(buffer, buffer + kept, buffered - kept)
    fileBytes += kept
    buffered -= kept
    index?.write(upTo: fileBytes)
  }

  private func sync(_ file: File) throws(EventLogError) {
    try orBroken { () throws(EventLogError) in try file.sync() }
    isFileDirty = false
  }

  private func syncDirectory() throws(EventLogError) {
    try orBroken { () throws(EventLogError) in try File.syncDirectory(directory.path) }
    isDirectoryDirty = false
  }

  /// A sync that is asked for again after it failed can report success for what was lost.
  private func orBroken(_ sync: () throws(EventLogError) -> Void) throws(EventLogError) {
    do throws(EventLogError) {
      try sync()
    } catch {
      isBroken = true
      throw error
    }
  }

  private func requireUsable() throws(EventLogError) {
    if isClosed {
      throw EventLogError(.closed, "\(partition) was closed by this writer; open another writer")
    }
    if isBroken {
      throw EventLogError(
        .unsynced,
        "\(partition) could not be synced to the device before, and which of its records are there is not "
          + "known; check the disk of \(directory.path), then open another writer")
    }
  }

  // MARK: - Segments

  private func makeRoom(_ count: Int) throws(EventLogError) {
    if isBroken || isClosed { try requireUsable() }
    if file != nil, fileBytes + buffered >= options.segmentBytes { try seal() }
    if buffered + count > bufferBytes { try flush() }
    if file == nil { try startSegment() }
    guard count > bufferBytes else { return }
    buffer.deallocate()
    bufferBytes = count
    buffer = .allocate(byteCount: bufferBytes, alignment: 64)
  }

  private func startSegment() throws(EventLogError) {
    assert(
      buffered == 0,
      "\(buffered) bytes of the segment \(base) are left for the one at \(nextOffset)")
    file = try File.opening(directory.rawPath(nextOffset), O_RDWR | O_CREAT | O_EXCL)
    isFileDirty = true
    base = nextOffset
    fileBytes = 0
    latest = Int64.min
    index = SegmentIndexWriter(
      directory.indexPath(.init(base: base, kind: .raw)), base: base, kept: [], lastEntry: nil)
    isDirectoryDirty = true
  }

  /// Ends the growing segment. It is synced first: what follows in the log must not survive a
  /// power failure that this one does not.
  private func seal() throws(EventLogError) {
    try write()
    try syncWritten()
    assert(nextOffset > base, "a segment ends at \(nextOffset), where it began at \(base)")
    index?.close(offset: nextOffset, position: fileBytes, latest: latest)
    index = nil
    file = nil
    compressor.add(directory, base, bytes: fileBytes)
  }

  private var isOld: Bool {
    file != nil && age.isReached(bytes: fileBytes, base: base, nextOffset: nextOffset)
  }

  /// Ends the growing segment where there is one; one without a line goes, so that a gap can have
  /// its place.
  private func endSegment() throws(EventLogError) {
    guard file != nil else { return }
    guard fileBytes + buffered == 0 else { return try seal() }
    index = nil
    file = nil
    try File.remove(directory.rawPath(base))
    try File.remove(directory.indexPath(.init(base: base, kind: .raw)))
  }

  /// - Parameters:
  ///   - inLines: whether a few offsets become empty lines also where no segment grows. A file for each of many
  ///     small gaps would be too much.
  ///   - linesMax: how many are a few.
  private func skip(
    to offset: Int64, inLines: Bool = false, linesMax: Int64 = PartitionAppender.gapLinesMax
  ) throws(EventLogError) {
    try requireUsable()
    if !inLines, nextOffset == 0, file == nil, try directory.segments().isEmpty {
      try directory.writeStart(offset)
      nextOffset = offset
      firstOffset = offset
      age.partitionStart = offset
      return
    }
    guard offset - nextOffset <= linesMax, file != nil || inLines else {
      try endSegment()
      if !hasEpoch { try beginEpoch() }
      try directory.writeGap(nextOffset, end: offset)
      nextOffset = offset
      return
    }
    let lines = Int(offset - nextOffset)
    try makeRoom(lines)
    // The room may have been made in a new segment; an empty line means the same in either.
    memset(buffer + buffered, Int32(RecordEscape.newline), lines)
    buffered += lines
    nextOffset = offset
  }
}
