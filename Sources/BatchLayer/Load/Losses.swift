import EventLog
import StarSchema
import Warehouse

/// Keeps `warehouse.lost_range`: records that nobody will ever count.
struct Losses {
  let lake: any EventLog
  let library: SQLLibrary
  let connection: Connection

  /// Notes what the lake has lost, what this load goes on without, and which records it has counted although a
  /// speed worker had to pass them over. Belongs in the transaction that publishes.
  func note(_ cut: Cut, run: Int64) throws {
    for range in cut.passed { try note(range, acceptedAt: nil, by: "load") }
    if let lake = lake as? DirectoryLog {
      for source in cut.ends.keys.sorted() {
        for loss in try lake.acceptedLosses(of: source) {
          try note(loss.range, acceptedAt: loss.acceptedAt, by: "archive")
        }
      }
    }
    let open = try connection.run(library.sql("batch/open_losses"))
    for row in 0..<open.count {
      let source = try open.source(row)
      let (first, end) = (try open.int(row, 2), try open.int(row, 3))
      guard let cutEnd = cut.ends[source], cutEnd >= end,
        try lake.startOffset(of: source) <= first
      else { continue }
      _ = try connection.run(
        library.sql("batch/close_loss"),
        [.text(source.topic), .int(Int64(source.partition)), .int(first), .int(run)])
    }
  }

  private func note(_ range: LostRange, acceptedAt: Int64?, by who: String) throws(WarehouseError) {
    func time(_ milliseconds: Int64?) -> SQLValue {
      milliseconds.map { .timestamp(milliseconds: $0) } ?? .null
    }
    _ = try connection.run(
      library.sql("batch/note_lost"),
      [
        .text(range.partition.topic), .int(Int64(range.partition.partition)),
        .int(range.offsets.lowerBound), .int(range.offsets.upperBound), time(range.since),
        time(acceptedAt), .text(who),
      ])
  }
}

extension BatchLoader {
  /// What the lake has dropped of the records that this load was to read first.
  /// - Throws: `.lost` where there is something, unless the load is to go on without it.
  func passed(_ kind: Kind, _ cut: Cut, _ control: Connection) throws -> [LostRange] {
    guard kind == .incremental else { return [] }
    let rows = try control.run(library.sql("batch/read_progress"))
    var passed: [LostRange] = []
    for row in 0..<rows.count {
      let source = try rows.source(row)
      let next = try rows.int(row, 2)
      guard cut.ends[source] != nil,
        try lake.partitionCount(of: source.topic) > Int(source.partition)
      else { continue }
      let first = try lake.startOffset(of: source)
      guard first > next else { continue }
      let lost = LostRange(source, next..<first)
      guard configuration.acceptsLoss else {
        throw lost.error(
          in: lake.url,
          "restore them; or let polyrhythm load incremental --accept-loss go on without them; or polyrhythm "
            + "load full counts all that is there")
      }
      passed.append(lost)
    }
    return passed
  }
}
