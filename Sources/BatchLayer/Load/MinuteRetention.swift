import EventLog
import Feed
import Metrics
import Warehouse

/// From which minute on the rollups have minutes. Before it they have hours and days only, but for the totals.
///
/// The bound is the watermark of the partition that has come farthest, less the time that minutes are kept for, so
/// that it depends on the records below the cut alone. A load has to know it before it reads them: what is older is
/// never written by the minute. So the load guesses the bound from the last records, and reads once more with
/// the true one in the rare case that its guess was too late.
struct MinuteRetention {
  /// Seconds before the watermark; nil keeps all minutes.
  let kept: Double?
  let allowedLatenessMs: Int64
  /// The bound of the last published load, minutes since 1970; nil where it kept all, and for a full load, which
  /// writes minutes anew.
  let published: Int32?

  /// How far the guess stays behind what the last records say, in milliseconds. It makes a second reading rarer,
  /// and costs a few minutes' rows that nobody will see.
  private static let slack: Int64 = 3_600_000

  /// What the published load has: its bound, and whether its facts can answer for minutes that are given up. Those that
  /// were loaded before facts said which song a page view is credited to cannot, so their minutes are kept until the next
  /// full load.
  static func published(_ connection: Connection, _ library: SQLLibrary) throws(WarehouseError)
    -> (bound: Int32?, canGiveUp: Bool)
  {
    let rows = try connection.run(library.sql("batch/minutes_from"))
    return (try rows.intOrNull(0, 0).map { Int32(clamping: $0) }, try rows.bool(0, 1))
  }

  /// Deletes minutes that the published load has given up, or one before it, but for those that taking it back would bring
  /// back. They are out of sight already.
  static func forget(_ connection: Connection, _ library: SQLLibrary) throws(WarehouseError) {
    let build = try BuildTables.published(connection, library)
    for rollup in Rollup.allCases where !rollup.keepsAllMinutes {
      _ = try connection.run(
        library.sql(
          "rollup/forget_minutes",
          ["table": rollup.table(.minute).name, "build": "\(build)"]))
    }
  }

  /// The guess, in minutes since 1970; nil where minutes are not given up.
  func guess(in lake: any EventLog, _ starts: [KernelFeed.Start]) throws(EventLogError) -> Int32? {
    guard kept != nil else { return published }
    return bound(greatest: try EventTimeEstimate.farthest(in: lake, starts).map { $0 - Self.slack })
  }

  /// The bound, in minutes since 1970; nil where minutes are not given up.
  func bound(_ feed: KernelFeeds) -> Int32? {
    bound(greatest: feed.watermarks.values.compactMap(\.greatest).max())
  }

  /// - Parameter greatest: event time as a `Watermark` has it, milliseconds since 1970.
  private func bound(greatest: Int64?) -> Int32? {
    guard let kept, let greatest else { return published }
    let milliseconds = greatest - allowedLatenessMs - Int64(kept * 1000)
    let hour = Rung.hour.start(of: Int32(clamping: milliseconds / 60_000))
    return max(hour, published ?? hour)
  }
}
