import Foundation
import Support

/// All that decides what a run emits: config and program together fix every byte. A value of this type has
/// been checked. It comes from a config file in eventsim's format, whose values give way to those of the
/// command line.
public struct GeneratorConfig: Sendable {
  /// The number that every random stream is derived from.
  public let seed: UInt64
  /// Mean time between the requests of a session, seconds, above 0.
  public let alpha: Double
  /// Mean time between a user's sessions beyond `sessionGap`, seconds, above 0.
  public let beta: Double
  /// Strength of the difference between day and night, 0 (none) to `Rhythm.maxDamping`.
  public let damping: Double
  /// Share of the sessions of weekends and holidays that do not happen, 0 to 1.
  public let weekendDamping: Double
  /// How long before midnight the weekend's ramps begin, minutes, -1,440 to 1,440.
  public let weekendDampingOffset: Int
  /// How long the weekend's ramps take, minutes, 0 to 1,440.
  public let weekendDampingScale: Int
  /// Least time between the last request of a session and the user's next session, seconds.
  public let sessionGap: Double
  /// When the run begins, milliseconds since 1970-01-01 UTC.
  public let start: Int64
  /// When the run ends, exclusive, later than `start`; nil for a run without end.
  public let end: Int64?
  /// Users at the start, 1 to 2^31.
  public let users: Int
  /// The first user's id; ids count up from it. 0 to 2^31.
  public let firstUserId: Int64
  /// New users a year as a fraction of the users: 0.2 makes 100 users 120 in a year. 0 to 100.
  public let growthRate: Double
  /// The fraction of users that leave within a year, 0 to below 1.
  public let attritionRate: Double
  /// The `tag` of every event, to tell runs apart; nil for none.
  public let tag: String?
  /// Users whose session ends with this `auth` never come back; nil where no `auth` has that effect.
  public let churnedState: String?
  /// The `auth` that new users (those that growth brings) begin with.
  public let newUserAuth: String
  /// The `level` that new users begin with.
  public let newUserLevel: String
  /// How the gaps between requests are spread around their mean.
  public let gapDistribution: GapDistribution
  /// One sentence, for people to read, about each key that is not known and each value that is not used as
  /// it stands; none of them is fatal.
  public let warnings: [String]
  /// The name by which messages call the config file.
  let file: String
  let site: SiteModel

  /// Distributions of the time between two requests of a session.
  public enum GapDistribution: String, CaseIterable, Sendable {
    /// Log-normal, as in eventsim: most gaps are short, a few are long.
    case logNormal = "lognormal"
    /// Exponential (memoryless), as in some of eventsim's forks.
    case exponential
  }

  /// Values of the command line. Where one is nil, the config file's value holds.
  public struct Overrides: Sendable {
    /// Users at the start, 1 to 2^31.
    public var users: Int?
    /// When the run begins, milliseconds since 1970-01-01 UTC.
    public var start: Int64?
    /// When the run ends, exclusive, milliseconds since 1970-01-01 UTC.
    public var end: Int64?
    /// The run's end, exclusive, where neither `end` nor the config file has one; milliseconds since 1970-01-01
    /// UTC.
    public var endByDefault: Int64?
    /// True for a run without end, whatever the config file says.
    public var endless = false
    /// The number that every random stream is derived from.
    public var seed: UInt64?
    /// New users a year as a fraction of the users, 0 to 100.
    public var growthRate: Double?
    /// The fraction of users that leave within a year, 0 to below 1.
    public var attritionRate: Double?
    /// The `tag` of every event.
    public var tag: String?
    /// The first user's id, 0 to 2^31.
    public var firstUserId: Int64?
    /// How the gaps between requests are spread around their mean.
    public var gapDistribution: GapDistribution?

    /// No values: the config file's all hold.
    public init() {}
  }

  /// The embedded config with the command line's values.
  /// - Throws: `.badValue` for a value of the command line that is out of its range.
  public static func standard(_ overrides: Overrides = Overrides()) throws(GeneratorError)
    -> GeneratorConfig
  {
    try parse(Data(standardText.utf8), file: "the built-in config", overrides)
  }

  /// Reads a config file.
  /// - Throws: `.unreadable`, `.notJSON`, or what is wrong with a key or a state, always with the file's name.
  public static func load(path: String, _ overrides: Overrides = Overrides())
    throws(GeneratorError) -> GeneratorConfig
  {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw GeneratorError(
        .unreadable,
        "\(path): the config file cannot be read: \(whyUnreadable(path)); give a readable file")
    }
    return try parse(data, file: path, overrides)
  }

  private static func whyUnreadable(_ path: String) -> String {
    do throws(SystemError) {
      let kind = try FileSystem.kind(of: path)
      guard access(path, R_OK) == 0 else { return SystemError.reason(errno) }
      return kind == .file ? "reading failed" : "it is no regular file"
    } catch {
      return error.reason
    }
  }

  /// Reads a config from memory.
  /// - Parameter file: the name by which messages call the config.
  /// - Throws: `.notJSON`, or what is wrong with a key or a state.
  public static func parse(_ json: Data, file: String, _ overrides: Overrides = Overrides())
    throws(GeneratorError) -> GeneratorConfig
  {
    try GeneratorConfig(ConfigObject(json: json, file: file), overrides)
  }

  private init(_ root: ConfigObject, _ overrides: Overrides) throws(GeneratorError) {
    var warnings = root.unknownKeys(known: Self.keys, nested: Self.nestedKeys)
    let id = 0.0...2_147_483_648.0
    let fileSeed = try root.seed("seed")
    seed = overrides.seed ?? fileSeed ?? 0
    alpha = try root.number("alpha", in: 0.001...1e9) ?? 60
    beta = try root.number("beta", in: 0.001...1e10) ?? 259_200
    let wishedDamping = try root.number("damping", in: 0...1) ?? 0.0625
    // eventsim takes a larger damping, under which its clock runs backwards for a while each day; one of its
    // own configs asks for that.
    if wishedDamping > Rhythm.maxDamping {
      warnings.append(
        "\(root.file): damping: \(wishedDamping) would turn the clock back in the afternoon; "
          + "\(Rhythm.maxDamping), the most that does not, is used")
    }
    damping = min(wishedDamping, Rhythm.maxDamping)
    weekendDamping = try root.number("weekend-damping", in: 0...1) ?? 0.5
    weekendDampingOffset = Int(
      try root.number("weekend-damping-offset", in: -1440...1440) ?? 180)
    weekendDampingScale = Int(try root.number("weekend-damping-scale", in: 0...1440) ?? 360)
    sessionGap = try root.number("session-gap", in: 0...1e9) ?? 1800
    let fileStart = try root.time("start-date")
    let fileEnd = try root.time("end-date")
    guard let start = overrides.start ?? fileStart else {
      throw GeneratorError(
        .missingKey, "\(root.file): start-date is missing; add it, or give --from")
    }
    self.start = start
    end = overrides.endless ? nil : overrides.end ?? fileEnd ?? overrides.endByDefault
    if let end, end <= start {
      throw GeneratorError(
        .badValue,
        "\(root.file): end-date: \(ISOTime.text(end)) is not after start-date, "
          + "\(ISOTime.text(start)); give --to a time later than --from")
    }
    users = Int(
      try root.number("n-users", in: 1...id.upperBound, whole: true, or: overrides.users) ?? 1)
    firstUserId = Int64(
      try root.number("first-user-id", in: id, whole: true, or: overrides.firstUserId) ?? 1)
    growthRate = try root.number("growth-rate", in: 0...100, or: overrides.growthRate) ?? 0
    attritionRate =
      try root.number("attrition-rate", in: 0...(1.0.nextDown), or: overrides.attritionRate) ?? 0
    let fileTag = try root.text("tag")
    tag = overrides.tag ?? fileTag
    let fileGaps = try root.choice("gap-distribution", GapDistribution.self)
    gapDistribution = overrides.gapDistribution ?? fileGaps ?? .logNormal
    churnedState = try root.text("churned-state")
    newUserAuth = try root.text("new-user-auth") ?? "Guest"
    newUserLevel = try root.text("new-user-level") ?? "free"
    site = try SiteModel(
      root, newUser: (newUserAuth, newUserLevel), growing: growthRate > 0,
      churnedState: churnedState)
    if let churnedState, !site.requests.contains(where: { $0.auth == churnedState }) {
      warnings.append(
        "\(root.file): churned-state: no transition has the auth \(churnedState); nobody leaves by it"
      )
    }
    self.warnings = warnings
    file = root.file
  }

  /// The keys of eventsim's format, and our own `gap-distribution`.
  static let keys: Set<String> = [
    "seed", "alpha", "beta", "damping", "weekend-damping", "weekend-damping-offset",
    "weekend-damping-scale", "session-gap", "gap-distribution", "start-date", "end-date", "n-users",
    "first-user-id", "growth-rate", "attrition-rate", "tag", "churned-state", "new-user-auth",
    "new-user-level", "show-user-details", "levels", "auths", "new-session", "transitions",
    "upgrades", "downgrades",
  ]

  /// The keys of the objects within the config, by the path of the object.
  static let nestedKeys: [String: Set<String>] = {
    let request: Set<String> = ["page", "method", "status", "auth", "level"]
    var keys: [String: Set<String>] = [
      "show-user-details": ["auth", "show"], "levels": ["level", "weight"],
      "auths": ["auth", "weight"], "new-session": request.union(["weight"]),
    ]
    for list in SiteModel.transitionLists {
      keys[list] = ["source", "dest", "p"]
      keys["\(list).source"] = request
      keys["\(list).dest"] = request
    }
    return keys
  }()
}
