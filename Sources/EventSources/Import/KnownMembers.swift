import EventLog
import EventModel
import Feed

/// What the log's catalogue says of each song and user, as far as it takes to tell whether a record says anything new.
struct KnownMembers {
  /// Hashes of the latest records, by topic and key.
  private var records: [CatalogueTopic: [String: String]] = [:]

  /// Reads the catalogue's topics as far as they go now.
  init(_ log: any EventLog) throws(EventLogError) {
    let feed = CatalogueFeed(log)
    for (source, range) in try feed.partitions() {
      var next = range.lowerBound
      while next < range.upperBound, let batch = try feed.read(source, from: next) {
        for entry in batch.songs.values { _ = note(.song(entry.record)) }
        for entry in batch.users.values { _ = note(.user(entry.record)) }
        next = batch.next
      }
    }
  }

  /// Takes a record for the latest of its key.
  /// - Returns: whether it says something else than the one before.
  mutating func note(_ record: CatalogueRecord) -> Bool {
    let hash = ContentHash()
    record.json.withUnsafeBytes { hash.add($0) }
    return records[record.topic, default: [:]].updateValue(hash.text, forKey: record.key)
      != hash.text
  }
}
