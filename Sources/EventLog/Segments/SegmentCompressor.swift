import CZstd
import Glibc
import Synchronization

/// Compresses sealed segments, one after another, on a thread that lives while there is work. Who closes a log
/// waits for the small ones only, which a site with few events makes; the others are left to the next writer.
///
/// A compressed segment is a row of independent zstd frames of about 1 MiB of whole lines, each with
/// its checksum. It takes the raw one's place by a rename once it is on the device; a reader that
/// has the raw file open goes on with it.
final class SegmentCompressor: Sendable {
  private struct Work {
    enum Kind { case compress, index }
    var kind: Kind
    var directory: PartitionDirectory
    var base: Int64
    /// Of the raw segment.
    var bytes: Int
  }

  private struct State {
    var queue: [Work] = []
    var isRunning = false
    /// Work on larger segments is dropped.
    var bytesMax = Int.max
    var thread: pthread_t?
    var failure: EventLogError?
  }

  /// Bytes of lines in a frame, about: what reaching one record decompresses at most.
  static let frameBytes = 1 << 20
  /// Bytes of a raw segment that is compressed in a few hundredths of a second.
  private static let smallBytes = 4 << 20
  private let state = Mutex(State())
  private let options: DirectoryOptions

  init(_ options: DirectoryOptions) { self.options = options }

  /// Takes on a sealed segment.
  /// - Parameter bytes: that it has.
  func add(_ directory: PartitionDirectory, _ base: Int64, bytes: Int) {
    guard options.compressionLevel != nil else { return }
    start(Work(kind: .compress, directory: directory, base: base, bytes: bytes))
  }

  func addIfIndexIsMissing(_ directory: PartitionDirectory, _ base: Int64) {
    let index = directory.indexPath(.init(base: base, kind: .compressed))
    if File.exists(index) { return }
    // All of the segment is read for its index, and how large it is raw is not known.
    start(Work(kind: .index, directory: directory, base: base, bytes: Int.max))
  }

  /// Returns when all work is done, with the first thing that went wrong: the segment concerned is
  /// still there, uncompressed.
  func finish() throws(EventLogError) {
    join()
    let failure = state.withLock { state in
      defer { state.failure = nil }
      return state.failure
    }
    if let failure { throw failure }
  }

  /// Returns when the thread is gone; unfinished work is dropped and leaves nothing behind.
  func stop() { drop(above: -1) }

  /// `stop`, once the small segments that were sealed are compressed.
  func close() {
    drop(above: Self.smallBytes)
    stop()
  }

  private func drop(above bytes: Int) {
    state.withLock { state in
      state.bytesMax = min(state.bytesMax, bytes)
      state.queue.removeAll { $0.bytes > bytes }
    }
    join()
  }

  // MARK: - The thread

  private func start(_ work: Work) {
    // At once, so that a simulation takes the same steps whenever it has the same seed.
    if SimulatedDisk.hasPath(work.directory.path) {
      if !isDropped(work.bytes) { attempt(work) }
      return
    }
    let previous: pthread_t?? = state.withLock { state in
      guard work.bytes <= state.bytesMax else { return nil }
      state.queue.append(work)
      if state.isRunning { return nil }
      state.isRunning = true
      defer { state.thread = nil }
      return .some(state.thread)
    }
    guard let previous else { return }
    if let previous { pthread_join(previous, nil) }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<SegmentCompressor>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    let created = thread
    state.withLock { state in
      if code == 0 {
        state.thread = created
      } else {
        // The system gives no thread: segments stay raw until the next writer.
        state.isRunning = false
        state.queue.removeAll()
      }
    }
    if code != 0 { box.release() }
  }

  private func join() {
    let thread = state.withLock { state in
      defer { state.thread = nil }
      return state.thread
    }
    if let thread { pthread_join(thread, nil) }
  }

  private func run() {
    while true {
      let work: Work? = state.withLock { state in
        if state.queue.isEmpty {
          state.isRunning = false
          return nil
        }
        return state.queue.removeFirst()
      }
      guard let work else { return }
      attempt(work)
    }
  }

  private func attempt(_ work: Work) {
    do throws(EventLogError) {
      switch work.kind {
      case .compress: try compress(work.directory, work.base, work.bytes)
      case .index: try writeIndex(work.directory, work.base)
      }
    } catch {
      state.withLock { $0.failure = $0.failure ?? error }
    }
  }

  private func isDropped(_ bytes: Int) -> Bool { state.withLock { bytes > $0.bytesMax } }

  // MARK: - The work

  private func writeIndex(_ directory: PartitionDirectory, _ base: Int64) throws(EventLogError) {
    let segment = PartitionDirectory.Segment(base: base, kind: .compressed)
    guard let file = try File.openIfThere(directory.filePath(segment), O_RDONLY) else { return }
    let scan = try SegmentScan.compressed(
      file, from: .beginning(base), time: options.recordTime)
    try SegmentIndex.replace(
      directory.indexPath(segment), base: base,
      entries: scan.found + [.end(scan)],
      temporary: directory.temporaryPath(base, ".zst.index"))
  }

  private func compress(_ directory: PartitionDirectory, _ base: Int64, _ bytes: Int)
    throws(EventLogError)
  {
    let raw = PartitionDirectory.Segment(base: base, kind: .raw)
    let compressed = PartitionDirectory.Segment(base: base, kind: .compressed)
    guard let source = try File.openIfThere(directory.rawPath(base), O_RDONLY) else { return }
    let lines = try lineIndex(directory, raw, source)
    let temporary = directory.temporaryPath(base, ".zst")
    let target = try File.opening(temporary, O_WRONLY | O_CREAT | O_TRUNC)
    do throws(EventLogError) {
      let frames = try writeFrames(
        from: source, lines: lines, to: target, directory.partition
      ) { isDropped(bytes) }
      guard let frames else {
        try File.remove(temporary)
        return
      }
      try target.sync()
      try SegmentIndex.replace(
        directory.indexPath(compressed), base: base, entries: frames,
        temporary: directory.temporaryPath(base, ".zst.index"))
      try File.rename(temporary, to: directory.compressedPath(base))
      try File.syncDirectory(directory.path)
    } catch {
      try? File.remove(temporary)
      throw error
    }
    try File.remove(directory.rawPath(base))
    try File.remove(directory.indexPath(raw))
  }

  /// The entries of a raw segment from its first byte to its last.
  private func lineIndex(
    _ directory: PartitionDirectory, _ segment: PartitionDirectory.Segment, _ file: File
  ) throws(EventLogError) -> [SegmentIndex.Entry] {
    let size = try file.size()
    var entries = try SegmentEnd.soundIndex(directory, segment, file, bytes: size).entries
    if entries.first?.position != 0 { entries = [] }
    guard entries.last?.position != Int64(size) else { return entries }
    let scan = try SegmentScan.raw(
      file, from: entries.last ?? .beginning(segment.base), lastEntry: entries.last?.position,
      time: options.recordTime)
    guard scan.position == size else {
      throw EventLogError(
        .damaged,
        "\(file.path) ends at byte \(size) in the middle of the record at offset \(scan.offset); "
          + "restore the file")
    }
    return entries + scan.found + [.end(scan)]
  }

  /// - Parameter isDropped: asked before each frame.
  /// - Returns: the index of the compressed file; nil where the work was dropped.
  private func writeFrames(
    from source: File, lines: [SegmentIndex.Entry], to target: File, _ partition: TopicPartition,
    isDropped: () -> Bool
  ) throws(EventLogError) -> [SegmentIndex.Entry]? {
    guard let context = ZSTD_createCCtx() else {
      throw EventLogError(.io, "no memory to compress \(source.path); free some, then go on")
    }
    defer { ZSTD_freeCCtx(context) }
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, options.compressionLevel ?? 3)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    var frames: [SegmentIndex.Entry] = []
    var input = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 64)
    var output = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 64)
    defer {
      input.deallocate()
      output.deallocate()
    }
    var capacity = 0
    var written = 0
    var first = 0
    while first < lines.count - 1 {
      if isDropped() { return nil }
      let start = lines[first]
      var next = first + 1
      while next < lines.count - 1,
        lines[next].position - start.position < Int64(Self.frameBytes)
      {
        next += 1
      }
      let count = Int(lines[next].position - start.position)
      if count > capacity {
        capacity = count
        input.deallocate()
        output.deallocate()
        input = .allocate(byteCount: capacity, alignment: 64)
        output = .allocate(byteCount: ZSTD_compressBound(capacity), alignment: 64)
      }
      let got = try source.read(into: input, count: count, at: Int(start.position))
      // Frames are found by offset, so that a newline too few would be beyond repair afterwards.
      let found = start.offset + Int64(SegmentScan.newlines(input, got))
      if got == count, found != lines[next].offset {
        throw SegmentScan.contradiction(
          source, lines[next], Int(lines[next].position), found, partition)
      }
      let size = ZSTD_compress2(context, output, ZSTD_compressBound(capacity), input, got)
      guard got == count, ZSTD_isError(size) == 0 else {
        throw EventLogError(
          .damaged,
          "\(source.path) could not be compressed at byte \(start.position): "
            + (got == count ? String(cString: ZSTD_getErrorName(size)) : "it became shorter")
            + "; it stays as it is")
      }
      assert(
        frames.last.map { $0.position < written && $0.offset < start.offset } ?? true,
        "frame at byte \(written) with offset \(start.offset) after \(frames.last!)")
      frames.append(
        .init(
          offset: start.offset, position: Int64(written), timestamp: start.timestamp,
          latestBefore: start.latestBefore))
      try target.write(UnsafeRawBufferPointer(start: output, count: size), at: written)
      written += size
      first = next
    }
    if let end = lines.last {
      frames.append(
        .init(
          offset: end.offset, position: Int64(written), timestamp: end.timestamp,
          latestBefore: end.latestBefore))
    }
    return frames
  }
}

extension SegmentIndex.Entry {
  /// The first line of a segment.
  static func beginning(_ base: Int64) -> Self {
    .init(
      offset: base, position: 0, timestamp: SegmentIndex.unknownTimestamp, latestBefore: Int64.min)
  }

  /// The end of what was scanned.
  static func end(_ scan: SegmentScan.Result) -> Self {
    .init(
      offset: scan.offset, position: Int64(scan.position),
      timestamp: SegmentIndex.unknownTimestamp, latestBefore: scan.latest)
  }
}
