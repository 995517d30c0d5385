import Support
import Warehouse

/// A reader that looks at the merged view over and over while others write and load, and notes every
/// look that shows less than an earlier one, or more than the log held right after that look.
public final class MergedViewWatch: Sendable {
  public struct Findings: Sendable {
    public var looks = 0
    /// What must not have been seen; empty where all was right.
    public var violations: [String] = []
  }

  private let stop = StopToken()
  private let worker: Worker<Findings>
  private let counter: SharedCounter

  /// How often it has looked so far.
  public var looks: Int { counter.count }

  public static let sums =
    "select coalesce(sum(listens), 0)::bigint, coalesce(sum(page_views), 0)::bigint, "
    + "coalesce(sum(logins + failed_logins), 0)::bigint from serving.minute_totals"

  /// Starts to look at once, at a log whose lines it counts itself.
  /// - Parameters:
  ///   - url: of the database; its schema may be yet to come.
  ///   - log: directory of the log that the events go to.
  public convenience init(url: String, log: String) {
    self.init(
      url: url,
      counting: {
        let files = LogFiles(log)
        return files.count
      })
  }

  /// Starts to look at once.
  /// - Parameters:
  ///   - url: of the database; its schema may be yet to come.
  ///   - written: what the log has been given by now; never less than a reader of the log can have seen.
  public convenience init(
    url: String, written: @escaping @Sendable () throws -> LogFiles.Counts
  ) {
    self.init(url: url, counting: { written })
  }

  /// - Parameter counting: called once, on the thread that looks; makes the function that counts the log's
  ///   records there.
  private init(
    url: String, counting: @escaping @Sendable () -> () throws -> LogFiles.Counts
  ) {
    let counter = SharedCounter()
    self.counter = counter
    worker = Worker("watch") { [stop] in
      let connection = try Connection(url: url)
      let count = counting()
      var findings = Findings()
      var last = LogFiles.Counts()
      while !stop.isRequested {
        let begin = ContinuousClock.now
        let seen: LogFiles.Counts
        do {
          seen = try Self.read(connection)
        } catch let error as WarehouseError where ["42P01", "3F000"].contains(error.sqlState) {
          stop.wait(seconds: 0.02)
          continue
        }
        let written = try count()
        findings.looks += 1
        counter.set(findings.looks)
        for (name, before, now, limit) in [
          ("listens", last.listens, seen.listens, written.listens),
          ("page_views", last.pageViews, seen.pageViews, written.pageViews),
          ("auths", last.auths, seen.auths, written.auths),
        ] where now < before || now > limit {
          findings.violations.append(
            "look \(findings.looks): \(name) \(now), after \(before), with \(limit) in the log")
        }
        last = seen
        // As long again as the look took: without a pause it has one of two cores for itself, and all that it looks at takes longer.
        stop.wait(seconds: max(0.005, (ContinuousClock.now - begin) / .seconds(1)))
      }
      return findings
    }
  }

  deinit { stop.request() }

  /// Stops looking, and tells what was seen.
  public func finish() throws -> Findings {
    stop.request()
    return try worker.wait()
  }

  /// The sums over all minutes.
  public static func read(_ connection: Connection) throws(WarehouseError) -> LogFiles.Counts {
    let rows = try connection.run(sums)
    return LogFiles.Counts(
      listens: try rows.int(0, 0), pageViews: try rows.int(0, 1), auths: try rows.int(0, 2))
  }
}
