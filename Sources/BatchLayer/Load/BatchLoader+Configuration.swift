import Feed
import Metrics

extension BatchLoader {
  /// What a load covers; the raw value is that of `warehouse.load_run.kind`.
  public enum Kind: String, Sendable {
    /// Everything from the lake's first record; the load replaces what is there.
    case full
    /// What came since the last published cut.
    case incremental
  }

  /// How loads work; all but the database has a default.
  public struct Configuration: Sendable {
    /// The warehouse, as a connection URL of libpq.
    public var databaseURL: String
    /// The allowed lateness. It must be that of the speed layer: the layers must agree on every number.
    public var kernel = Kernel.Configuration()
    /// Seconds without a new record after which the load gives up waiting for the lake.
    public var lakePatience = 120.0
    /// Seconds between attempts to publish; there is one more attempt than there are pauses.
    public var publishPauses: [Double] = [1, 2, 4, 8, 15]
    /// Connections that write staged rows at the same time.
    public var connections = 2
    /// How many threads count, each some of the log's partitions.
    public var threads = KernelFeeds.usefulThreads
    /// How many days of a fact get partitions of their own although they have few facts; nil: as many as
    /// the server's lock table has room for.
    public var ownDays: Int?
    /// Rows of rollups that are kept in memory before the rows of complete minutes are written.
    public var rollupRows = 80_000
    /// Seconds before the cut's watermark for which rollups but the totals keep minutes; what is older has hours
    /// and days. nil keeps all minutes.
    public var minuteRetention: Double?

    /// Whether to go on where the lake has dropped records before they were loaded; they are noted in
    /// `warehouse.lost_range`.
    public var acceptsLoss = false
    /// The days, counted from 1970-01-01, that a full load makes anew within the published build; nil: all, as a build
    /// of its own.
    public var days: ClosedRange<Int32>?
    /// Whether a full load only makes its build, for `publishShadow` to publish it.
    public var isShadow = false
    /// How many records of a partition a live speed worker may be behind the lake before a load counts
    /// these records in the worker's place.
    public var farBehind: Int64 = 5_000_000
    /// Who asks for the load, or for taking one back, for `warehouse.load_run`; nil where nobody is named.
    public var requestedBy: String?

    /// The defaults, for this database.
    public init(databaseURL: String) { self.databaseURL = databaseURL }
  }

  /// What a load did.
  public struct Summary: Sendable {
    /// The number of the load's row in `warehouse.load_run`.
    public var run: Int64
    /// What the load covered.
    public var kind: Kind
    /// What came of the records between the cuts.
    public var counts: FeedCounts
    /// Rules that the load breaks, and that stop nothing; also in `warehouse.check_result`.
    public var warnings: [Checks.Finding] = []
    /// Records that are missing in every number since their loss was accepted, of this load and all before it.
    public var lostRecords: Int64 = 0
    /// Seconds by phase, in order.
    public var seconds: [(phase: String, seconds: Double)]
    /// Seconds of all phases together.
    public var totalSeconds: Double { seconds.reduce(0) { $0 + $1.seconds } }
  }
}
