import Glibc
import Support

/// How an appender finds out where to go on.
extension PartitionAppender {
  /// A lake of an earlier version begins where its source did, and has no mark that says so. Called by
  /// the archiver, whose lakes alone may begin above 0.
  func adoptStart() throws(EventLogError) {
    guard let first = try directory.segments().first, first.base > 0, epochs.lines.isEmpty,
      !File.exists(directory.startPath)
    else { return }
    try directory.writeStart(first.base)
  }

  /// Goes on where the last writer stopped: cuts the last segment at its last newline, or where a power
  /// failure tore it, mends its index, and hands sealed segments that are still raw to the compressor.
  func recover(time: RecordTime?) throws(EventLogError) {
    for name in try File.names(in: directory.path) ?? []
    where name.hasPrefix(PartitionDirectory.temporaryPrefix) {
      try File.remove("\(directory.path)/\(name)")
    }
    epochs = try PartitionEpochs.load(directory)
    let segments = try directory.segments()
    for segment in segments where segment.kind == .raw {
      if File.exists(directory.compressedPath(segment.base)) {
        try File.remove(directory.rawPath(segment.base))
        try File.remove(directory.indexPath(segment))
      } else if segment != segments.last {
        let bytes = FileSystem.size(directory.rawPath(segment.base))
        compressor.add(directory, segment.base, bytes: bytes)
      }
    }
    for segment in segments where segment.kind == .compressed {
      compressor.addIfIndexIsMissing(directory, segment.base)
    }
    guard let first = segments.first, let last = segments.last else {
      nextOffset = try directory.startMark()
      age.partitionStart = nextOffset
      wasEmpty = true
      return
    }
    age.partitionStart = first.base
    switch last.kind {
    case .gap: nextOffset = try directory.gapEnd(last.base) ?? last.base
    case .raw where File.exists(directory.rawPath(last.base)):
      let segment = try GrowingSegment(directory, last, epochs, time: time)
      base = last.base
      fileBytes = segment.bytes
      nextOffset = segment.nextOffset
      latest = segment.latest
      index = segment.index
      file = segment.file
      try age.goOn(with: segment.file)
      // A writer that died may have left the segment's name off the device, whatever it wrote to the segment.
      isDirectoryDirty = true
      isFileDirty = true
    case .raw, .compressed:
      nextOffset = try SegmentEnd.find(
        directory, PartitionDirectory.Segment(base: last.base, kind: .compressed), epochs)
    }
  }
}
