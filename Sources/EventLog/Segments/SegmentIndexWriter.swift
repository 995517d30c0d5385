import Glibc

/// Writes the index beside a growing segment. An index can always be derived, so that trouble with
/// it (a full disk, most likely) does not stop the log: entries wait here until they can be written.
final class SegmentIndexWriter {
  private let file: File?
  private var fileBytes = 0
  private var pending: [SegmentIndex.Entry] = []
  private var lastPosition: Int
  private var lastOffset: Int64

  /// - Parameters:
  ///   - kept: the entries of the file that hold; what follows them is cut.
  ///   - lastEntry: the position of the last of them.
  init(_ path: String, base: Int64, kept: [SegmentIndex.Entry], lastEntry: Int64?) {
    lastPosition = lastEntry.map(Int.init) ?? -SegmentIndex.bytesInterval
    lastOffset = kept.last?.offset ?? base - 1
    file = try? File.openIfThere(path, O_RDWR | O_CREAT)
    guard let file else { return }
    do throws(EventLogError) {
      let sound = kept.isEmpty ? 0 : SegmentIndex.headerBytes + kept.count * SegmentIndex.entryBytes
      if try file.size() > sound {
        try file.truncate(to: sound)
        // Unsynced, a power failure could bring back entries that point to lines which were cut.
        try file.sync()
      }
      fileBytes = sound
      if sound == 0 {
        try file.write(SegmentIndex.header(base: base))
        fileBytes = SegmentIndex.headerBytes
      }
    } catch {
      // A header that is not there makes the whole index unknown to readers, which is sound.
      fileBytes = 0
    }
  }

  /// Notes a record where the last entry is far enough back.
  @inline(__always)
  func add(offset: Int64, position: Int, timestamp: Int64, latest: Int64) {
    if position - lastPosition >= SegmentIndex.bytesInterval {
      add([
        .init(
          offset: offset, position: Int64(position), timestamp: timestamp, latestBefore: latest)
      ])
    }
  }

  func add(_ entries: [SegmentIndex.Entry]) {
    for entry in entries {
      assert(
        entry.offset > lastOffset && entry.position > lastPosition,
        "entry \(entry) after offset \(lastOffset) at byte \(lastPosition)")
      lastOffset = entry.offset
      lastPosition = Int(entry.position)
    }
    pending.append(contentsOf: entries)
  }

  /// Writes what points into the first `bytes` of the segment, which are in its file.
  func write(upTo bytes: Int) {
    let ready = pending.prefix { $0.position <= bytes }
    guard !ready.isEmpty, let file, fileBytes > 0 else { return }
    let encoded = SegmentIndex.encode(ready)
    do throws(EventLogError) {
      try file.write(encoded, at: fileBytes)
      fileBytes += encoded.count
      pending.removeFirst(ready.count)
    } catch {
      try? file.truncate(to: fileBytes)
    }
  }

  /// Ends the index with an entry at the end of the segment, which says how many records it has
  /// and how late the latest is.
  func close(offset: Int64, position: Int, latest: Int64) {
    if offset > lastOffset, position > lastPosition {
      add([
        .init(
          offset: offset, position: Int64(position), timestamp: SegmentIndex.unknownTimestamp,
          latestBefore: latest)
      ])
    }
    write(upTo: position)
  }
}
