import Glibc
import Synchronization

/// Up to where the partitions of a log are known to be on the storage device, by this process's asking.
final class SyncedOffsets: Sendable {
  private struct Mark {
    var offset: Int64 = 0
    /// The growing segment whose name is on the device.
    var named: Int64?
    /// Of a simulated device, which may lose power, and so what it had, while this process lives on.
    var boot: Int?
  }

  private let marks = Mutex<[TopicPartition: Mark]>([:])

  /// Syncs what may not be on the device yet: the growing segment, and the directory where its name is
  /// new. A writer syncs a segment before it begins the next one, and everything else when it makes it.
  func sync(_ directory: PartitionDirectory, upTo offset: Int64) throws(EventLogError) {
    let boot = SimulatedDisk.boot(of: directory.path)
    var mark = marks.withLock { $0[directory.partition] ?? Mark() }
    if mark.boot != boot { mark = Mark(boot: boot) }
    guard offset > mark.offset else { return }
    if let last = try directory.segments().last, last.kind == .raw, last.base < offset,
      let file = try File.openIfThere(directory.filePath(last), O_RDONLY)
    {
      try file.syncAsReader()
      if mark.named != last.base {
        try File.syncDirectoryAsReader(directory.path)
        mark.named = last.base
      }
    }
    mark.offset = offset
    marks.withLock { $0[directory.partition] = mark }
  }
}
