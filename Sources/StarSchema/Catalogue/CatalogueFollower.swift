import EventLog
import Feed
import Warehouse

/// Keeps the warehouse's catalogue what the log's topics `songs` and `users` say. Both layers do it, from the log and from the
/// lake: who is first moves the progress that they share, and what both have read says the same.
///
/// A song that is met for the first time gets what is known then (`MemberStore`); what comes to be known later is filled in
/// here. Not shared between threads.
public final class CatalogueFollower {
  private let feed: CatalogueFeed
  private let store: CatalogueStore
  private let isLog: Bool
  /// What was taken over last. It is filled in once more the next time: somebody who had begun before may have met a song
  /// without it meanwhile.
  private var lastSongs: Set<String> = []
  private var lastUsers: Set<Int64> = []
  /// Records that are taken over in one transaction, about: a topic may have hundreds of partitions with a few records each.
  private static let recordsAtOnce = 20_000

  /// - Parameter isLog: whether this is the log itself. A log that ends before what was read of it is another one than
  ///   before, and is read from its beginning; a lake that does is only behind.
  /// - Throws: `WarehouseError` where the server refuses the session's temporary tables.
  public init(
    _ log: any EventLog, isLog: Bool, connection: Connection, library: SQLLibrary
  ) throws(WarehouseError) {
    feed = CatalogueFeed(log)
    store = try CatalogueStore(connection: connection, library: library)
    self.isLog = isLog
  }

  /// Takes over everything that is in the log by now.
  /// - Returns: the number of songs and users that it says something of.
  /// - Throws: `EventLogError`, `WarehouseError`. What was taken over before stays.
  @discardableResult
  public func catchUp() throws -> Int {
    let (songs, users) = try takeOver()
    try store.fill(
      songs: songs.union(lastSongs).sorted(), users: users.union(lastUsers).sorted())
    (lastSongs, lastUsers) = (songs, users)
    return songs.count + users.count
  }

  /// Takes over everything that is in the log by now, and looks at all that a load has to look at. A load does so before it
  /// meets songs: what it meets then has what the catalogue says, and is not looked at.
  /// - Throws: `EventLogError`, `WarehouseError`. What was taken over before stays.
  public func catchUpForLoad() throws {
    _ = try takeOver()
    try look(isFirst: true)
  }

  /// - Returns: the songs and users that the records taken over say something of.
  private func takeOver() throws -> (songs: Set<String>, users: Set<Int64>) {
    var songs: Set<String> = []
    var users: Set<Int64> = []
    let partitions = try feed.partitions()
    guard !partitions.isEmpty else { return ([], []) }
    let progress = try store.progress()
    var starts: [TopicPartition: Int64] = [:]
    for (source, range) in partitions {
      var next = max(progress[source] ?? range.lowerBound, range.lowerBound)
      if isLog, let known = progress[source], known > range.upperBound {
        try store.beginAnew(source)
        next = range.lowerBound
      }
      if next < range.upperBound { starts[source] = next }
    }
    try feed.open(starts, of: partitions)
    var waiting: [CatalogueBatch] = []
    var records = 0
    /// - Returns: false where somebody else has taken some of it over meanwhile, who does the rest as well.
    func takeWaiting() throws(WarehouseError) -> Bool {
      defer { (waiting, records) = ([], 0) }
      if waiting.isEmpty { return true }
      guard try store.take(waiting) else { return false }
      for batch in waiting {
        songs.formUnion(batch.songs.keys)
        users.formUnion(batch.users.keys)
      }
      return true
    }
    reading: for (source, start) in starts.sorted(by: { $0.key < $1.key }) {
      guard let range = partitions[source] else { continue }
      var next = start
      while next < range.upperBound, var batch = try feed.read(source, from: next) {
        // The progress is where it was found, although the log may begin later by now.
        if let known = progress[source], known < range.lowerBound, next == range.lowerBound {
          batch.from = known
        }
        next = batch.next
        records += batch.songs.count + batch.users.count + batch.quarantined.count
        waiting.append(batch)
        if records >= Self.recordsAtOnce, try !takeWaiting() { break reading }
      }
    }
    _ = try takeWaiting()
    return (songs, users)
  }

  /// Fills in what dimensions may lack of the catalogue for once, as others were writing them. What it costs follows what
  /// has come since the last load that nobody else was writing beside, and not how many songs there are.
  /// - Parameter isLoad: whether a load asks, which the next one needs not look behind again.
  /// - Throws: `WarehouseError`.
  public func fillDue(isLoad: Bool) throws(WarehouseError) {
    guard isLoad else {
      try store.fillDue()
      return
    }
    try look(isFirst: false)
  }

  /// - Parameter isFirst: whether it is the load's first look. Two looks at a record are enough whatever others do meanwhile, but of
  ///   two loads: those who had begun before the record was there have ended then.
  private func look(isFirst: Bool) throws(WarehouseError) {
    let progress = try store.progress()
    // Asked before the dimensions are read: who begins later sees the records, and what others have written by then is read.
    let isAlone = try !store.othersWrite()
    let isComplete = try store.fillDue() == 0 && isAlone
    if isFirst || isComplete { try store.noteFilled(progress, isComplete: isComplete) }
  }
}
