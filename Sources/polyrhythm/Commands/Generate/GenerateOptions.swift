import EventGenerator
import EventSources
import Foundation

/// What the command line of `generate` asks for, checked before anything is opened.
struct GenerateOptions {
  /// Where events go.
  enum Target: Equatable {
    case files(String)
    case log
    case standardOutput
    case nowhere
  }

  let scenario: Scenario
  let faults: FaultPlan
  let warnings: [String]
  /// The name under which a log remembers the run.
  let source: GeneratedSource
  /// Nil where only the catalogue is asked for.
  let target: Target?
  let exportDirectory: String?
  let truthPath: String?
  let isContinuous: Bool
  /// Simulated seconds a second.
  let speedup: Double
  let threads: Int
  /// When the command began, milliseconds since 1970-01-01 UTC.
  let now: Int64

  /// Whether the run writes `truth.json`: always beside files, elsewhere where `--truth` asks for it.
  var writesTruth: Bool {
    if case .files = target { return true }
    return truthPath != nil
  }

  init(_ arguments: Arguments) throws {
    now = Int64(Date().timeIntervalSince1970 * 1000)
    isContinuous = arguments.has("--continuous")
    speedup = try arguments.double("--speedup", in: 0.001...1_000_000) ?? 1
    let cores = ProcessInfo.processInfo.activeProcessorCount
    threads = try arguments.int("--threads", in: 1...64) ?? min(cores, 8)
    target = try Self.target(arguments)
    exportDirectory = arguments.string("--export-catalogue")
    truthPath = arguments.string("--truth")
    faults = try Self.faults(arguments)
    try Self.checkTimes(arguments, now)
    let countries = try arguments.string("--countries").map { text in
      do {
        return try CountryMix(parsing: text)
      } catch let error as GeneratorError {
        throw UsageError(error.message)
      }
    }
    let folder = try arguments.string("--catalogue").map(CatalogueFolder.read)
    if let listeners = folder?.listeners, !listeners.isEmpty, arguments.has("--first-user-id") {
      throw UsageError(
        "--first-user-id: the users of --catalogue have ids of their own; leave it out")
    }
    let overrides = try Self.overrides(arguments, now, listeners: folder?.listeners.count ?? 0)
    scenario = try Scenario(
      groups: Self.groups(arguments, overrides), catalogue: folder?.catalogue,
      listeners: folder?.listeners ?? [], countries: countries ?? .unitedStates,
      finishesSessions: arguments.has("--finish-sessions"),
      usesLocalTime: arguments.has("--local-time"))
    source = GeneratedSource(arguments, scenario, faults)
    warnings =
      scenario.groups.flatMap(\.config.warnings) + scenario.warnings + (folder?.warnings ?? [])
  }

  private static func target(_ arguments: Arguments) throws -> Target? {
    let isContinuous = arguments.has("--continuous")
    if isContinuous, arguments.has("--finish-sessions") {
      throw UsageError("--finish-sessions needs an end: it does not go with --continuous")
    }
    if arguments.string("--output") == "-" {
      try refuse(logFlags, arguments, "--output - writes to no log")
      guard !arguments.isGiven("--log"), !arguments.has("--dry-run") else {
        throw UsageError("--output - is standard output: it goes with neither --log nor --dry-run")
      }
      return .standardOutput
    }
    if let directory = arguments.string("--output") {
      try refuse(logFlags, arguments, "--output writes to no log")
      guard !arguments.isGiven("--log"), !isContinuous, !arguments.has("--dry-run") else {
        throw UsageError(
          "--output writes files: it goes with neither --log nor --continuous nor --dry-run")
      }
      return .files(directory)
    }
    if arguments.has("--dry-run") {
      guard !isContinuous else { throw UsageError("--dry-run does not go with --continuous") }
      try refuse(logFlags, arguments, "--dry-run writes to no log")
      return .nowhere
    }
    // With --export-catalogue alone no events are written, and the command needs no place for them.
    let wantsEvents = arguments.isGiven("--log") || arguments.isGiven("--data") || isContinuous
    guard arguments.has("--export-catalogue"), !wantsEvents else { return .log }
    try refuse(
      logFlags + eventFlags, arguments,
      "--export-catalogue alone writes no events; say where they go with --output, --log or --data")
    return nil
  }

  /// Flags that have an effect only where events go into a log.
  private static let logFlags =
    ["--partitions", "--data", "--again"] + KafkaFlags.all.map(\.name)
  /// Flags that have an effect only where events are written.
  private static let eventFlags = [
    "--truth", "--late-fraction", "--duplicate-fraction", "--malformed-fraction",
    "--out-of-order-by",
  ]

  /// A flag without effect is refused, because whoever gave it expected one.
  private static func refuse(_ flags: [String], _ arguments: Arguments, _ why: String) throws {
    if let flag = flags.first(where: arguments.isGiven) {
      throw UsageError("\(flag) has no effect: \(why)")
    }
  }

  private static func checkTimes(_ arguments: Arguments, _ now: Int64) throws {
    if arguments.has("--continuous"), arguments.has("--to") {
      throw UsageError("--to and --continuous exclude each other: continuous has no end")
    }
    if arguments.has("--speedup"), !arguments.has("--continuous") {
      throw UsageError("--speedup goes with --continuous only; the history is as fast as can be")
    }
    let to = try arguments.time("--to", now: now)
    guard let from = try arguments.time("--from", now: now),
      let text = arguments.string("--from")
    else { return }
    if let to, to <= from {
      throw UsageError("--to: \(arguments.string("--to") ?? "") is not after --from \(text)")
    }
    if to == nil, from >= now, !arguments.has("--config") {
      throw UsageError("--from: \(text) is not in the past; give --to, which is now otherwise")
    }
  }

  private static func overrides(_ arguments: Arguments, _ now: Int64, listeners: Int) throws
    -> GeneratorConfig.Overrides
  {
    var overrides = GeneratorConfig.Overrides()
    overrides.users = try arguments.int("--users", in: 1...(1 << 31))
    if overrides.users == nil, listeners > 0 { overrides.users = listeners }
    overrides.start = try arguments.time("--from", now: now)
    overrides.end = try arguments.time("--to", now: now)
    // The default config's end-date belongs to its own start-date, so with another start the run ends now.
    if overrides.start != nil, overrides.end == nil, !arguments.has("--config") {
      overrides.end = now
    }
    overrides.endByDefault = now
    overrides.endless = arguments.has("--continuous")
    overrides.seed = try arguments.bits("--seed")
    overrides.growthRate = try arguments.double("--growth-rate", in: 0...100)
    overrides.attritionRate = try arguments.double("--attrition-rate", in: 0...(1.0.nextDown))
    overrides.tag = arguments.string("--tag")
    overrides.firstUserId = try arguments.int("--first-user-id", in: 0...(1 << 31)).map {
      Int64($0)
    }
    if let text = arguments.string("--gap-distribution") {
      guard let distribution = GeneratorConfig.GapDistribution(rawValue: text) else {
        throw UsageError("--gap-distribution: \"\(text)\" must be lognormal or exponential")
      }
      overrides.gapDistribution = distribution
    }
    return overrides
  }

  /// The groups of `--groups`, or all users in one.
  private static func groups(
    _ arguments: Arguments, _ overrides: GeneratorConfig.Overrides
  ) throws -> [Scenario.Group] {
    let file = arguments.string("--config")
    guard let text = arguments.string("--groups") else {
      return [Scenario.Group(try config(file, overrides))]
    }
    guard !arguments.has("--tag") else {
      throw UsageError("--tag and --groups exclude each other: each group has its own tag")
    }
    var groups: [Scenario.Group] = []
    for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = entry.split(separator: "=", maxSplits: 1)
      let value = parts.last?.split(separator: ":", maxSplits: 1) ?? []
      guard parts.count == 2, entry.last != ":", let weight = value.first.flatMap({ Double($0) }),
        weight > 0,
        weight.isFinite
      else {
        throw UsageError(
          "--groups: \"\(entry)\" is not of the form TAG=WEIGHT or TAG=WEIGHT:FILE, the weight above 0"
        )
      }
      var own = overrides
      own.tag = String(parts[0])
      guard !groups.contains(where: { $0.config.tag == own.tag }) else {
        throw UsageError("--groups: there are two groups \(parts[0]); give each its own tag")
      }
      let ownFile = value.count == 2 ? String(value[1]) : file
      groups.append(Scenario.Group(try config(ownFile, own), weight: weight))
    }
    return groups
  }

  private static func config(
    _ file: String?, _ overrides: GeneratorConfig.Overrides
  ) throws -> GeneratorConfig {
    try file.map { try GeneratorConfig.load(path: $0, overrides) } ?? .standard(overrides)
  }

  private static func faults(_ arguments: Arguments) throws -> FaultPlan {
    var faults = FaultPlan()
    func fraction(_ name: String) throws -> Double {
      try arguments.double(name, in: 0...1) ?? 0
    }
    faults.lateFraction = try fraction("--late-fraction")
    faults.duplicateFraction = try fraction("--duplicate-fraction")
    faults.malformedFraction = try fraction("--malformed-fraction")
    if let by = try arguments.durations("--late-by") { faults.lateBy = by }
    if let by = try arguments.durations("--duplicate-by") { faults.duplicateBy = by }
    if let by = try arguments.durations("--out-of-order-by") {
      guard by.lowerBound == by.upperBound else {
        throw UsageError("--out-of-order-by takes one time, up to which events are put off")
      }
      faults.outOfOrderBy = by.upperBound
    }
    for (delay, needed) in [
      ("--late-by", "--late-fraction"), ("--duplicate-by", "--duplicate-fraction"),
    ] where arguments.has(delay) && !arguments.has(needed) {
      throw UsageError("\(delay) says how much later; \(needed) must say of how many events")
    }
    return faults
  }
}
