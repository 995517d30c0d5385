import BatchLayer
import Metrics
import Support

/// What loads are told by the command line.
struct LoadFlags {
  static let minutes = Flag(
    "--minute-retention", "HOURS",
    "how long rollups keep minutes, before the newest event; older ones have hours and days "
      + "(default 48; all keeps them all)",
    environment: "POLYRHYTHM_MINUTE_RETENTION")

  static let requestedBy = Flag(
    "--requested-by", "NAME", "who asks for it, for the history of loads (warehouse.load_run)")

  let kernel: Kernel.Configuration
  /// Seconds for which rollups keep minutes; nil: all are kept.
  private let minuteRetention: Double?
  private let name: String?

  /// - Throws: `UsageError` naming the flag and its range.
  init(_ arguments: Arguments) throws {
    kernel = try KernelFlags.configuration(arguments)
    name = arguments.string("--requested-by")
    switch arguments.string("--minute-retention") {
    case nil: minuteRetention = 48 * 3600
    case "all": minuteRetention = nil
    case .some(let text):
      guard let hours = Int(text), (1...1_000_000).contains(hours) else {
        throw UsageError(
          "--minute-retention: \"\(text)\" is neither hours from 1 to 1000000 nor all")
      }
      minuteRetention = Double(hours) * 3600
    }
  }

  /// The days from `--from-date` to `--to-date`, counted from 1970-01-01; nil where neither is given.
  /// - Throws: `UsageError` for what is no date of 2000 to 2099, and for days in the wrong order.
  static func days(_ arguments: Arguments) throws -> ClosedRange<Int32>? {
    guard arguments.has("--from-date") || arguments.has("--to-date") else { return nil }
    func day(_ name: String, _ fallback: String) throws -> Int32 {
      let text = arguments.string(name) ?? fallback
      guard text.count == 10, let midnight = ISOTime.parse(text),
        (2000...2099).contains(Int(text.prefix(4)) ?? 0)
      else {
        throw UsageError("\(name): \"\(text)\" is no date of 2000 to 2099, as in 2026-11-30")
      }
      return Int32(midnight / ISOTime.millisecondsPerDay)
    }
    let (first, last) = (try day("--from-date", "2000-01-01"), try day("--to-date", "2099-12-31"))
    guard first <= last else { throw UsageError("--from-date is after --to-date") }
    return first...last
  }

  func configuration(databaseURL: String) -> BatchLoader.Configuration {
    var configuration = BatchLoader.Configuration(databaseURL: databaseURL)
    configuration.kernel = kernel
    configuration.minuteRetention = minuteRetention
    configuration.requestedBy = name
    return configuration
  }
}
