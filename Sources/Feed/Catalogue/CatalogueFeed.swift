import EventLog
import EventModel

/// Records of one partition of the catalogue, of each key the last one.
public struct CatalogueBatch: Sendable {
  /// A record, and where it is.
  public struct Entry<Record: Sendable>: Sendable {
    /// What the record says.
    public var record: Record
    /// In the partition.
    public var offset: Int64
  }

  /// The partition.
  public var source: TopicPartition
  /// The offset at which the batch begins.
  public var from: Int64
  /// The offset at which the next one begins.
  public var next: Int64
  /// By track id.
  public internal(set) var songs: [String: Entry<SongRecord>] = [:]
  /// By user id.
  public internal(set) var users: [Int64: Entry<UserRecord>] = [:]
  /// Records that say nothing that can be understood.
  public internal(set) var quarantined: [QuarantinedRecord] = []
}

/// Reads the catalogue's topics of a log, from wherever it is told to. Not shared between threads.
public final class CatalogueFeed {
  private let log: any EventLog
  private let batch = RecordBatch(capacity: 1 << 16)
  /// Kept, as opening one asks the brokers.
  private var readers: [TopicPartition: any LogReader] = [:]

  private static let batchBytes = 4 << 20
  /// How long to wait for records that are there: brokers give none at once.
  private static let waitMilliseconds = 1000

  /// - Parameter log: need not have the topics.
  public init(_ log: any EventLog) { self.log = log }

  /// The partitions that are there, each with its first offset and its end.
  /// - Throws: where the log cannot be read.
  public func partitions() throws(EventLogError) -> [TopicPartition: Range<Int64>] {
    let partitions = try log.partitions(of: CatalogueTopic.allCases.map(\.name))
    return try log.bounds(of: partitions).mapValues { bounds in
      bounds.start..<max(bounds.start, bounds.end)
    }
  }

  /// Opens readers that are about to be used: brokers then send the partitions side by side, and are asked nothing for each.
  /// - Parameters:
  ///   - starts: where each is read from.
  ///   - partitions: as the function of that name gave them.
  /// - Throws: where the log cannot be read.
  public func open(
    _ starts: [TopicPartition: Int64], of partitions: [TopicPartition: Range<Int64>]
  ) throws(EventLogError) {
    for (source, offset) in starts where readers[source]?.position != offset {
      guard let range = partitions[source] else { continue }
      readers[source] = nil
      readers[source] = try log.reader(
        of: source, from: offset,
        within: LogBounds(start: range.lowerBound, end: range.upperBound))
    }
  }

  /// Reads from an offset below the end on, as much as a batch takes. A record without content says that its key is no
  /// longer kept by the log, and changes nothing.
  /// - Returns: nil where nothing is there.
  /// - Throws: where the log cannot be read.
  public func read(_ source: TopicPartition, from offset: Int64) throws(EventLogError)
    -> CatalogueBatch?
  {
    guard let topic = CatalogueTopic(name: source.topic) else { return nil }
    let reader: any LogReader
    if let known = readers[source], known.position == offset {
      reader = known
    } else {
      // There is one reader of a partition at a time.
      readers[source] = nil
      reader = try log.reader(of: source, from: offset)
      readers[source] = reader
    }
    _ = try reader.read(
      into: batch, maxBytes: Self.batchBytes, waitMilliseconds: Self.waitMilliseconds)
    guard batch.nextOffset > offset else { return nil }
    var found = CatalogueBatch(source: source, from: offset, next: batch.nextOffset)
    for index in 0..<batch.count {
      let bytes = batch[index]
      let offset = batch.entries[index].offset
      if bytes.isEmpty { continue }
      do throws(DecodingFailure) {
        switch topic {
        case .songs:
          let song = try SongRecord(bytes)
          found.songs[song.trackId] = .init(record: song, offset: offset)
        case .users:
          let user = try UserRecord(bytes)
          found.users[user.userId] = .init(record: user, offset: offset)
        }
      } catch {
        found.quarantined.append(
          QuarantinedRecord(
            source: source, offset: offset, reason: error.reason, raw: Array(bytes)))
      }
    }
    // What is committed must survive a power failure.
    try log.sync(source, upTo: found.next)
    return found
  }
}
