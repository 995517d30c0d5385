import BatchLayer
import Metrics

/// What loads are told by the command line.
struct LoadFlags {
  static let minutes = Flag(
    "--minute-retention", "HOURS",
    "how long rollups keep minutes, before the newest event; older ones have hours and days "
      + "(default 48; all keeps them all)",
    environment: "POLYRHYTHM_MINUTE_RETENTION")

  let kernel: Kernel.Configuration
  /// Seconds for which rollups keep minutes; nil: all are kept.
  private let minuteRetention: Double?

  /// - Throws: `UsageError` naming the flag and its range.
  init(_ arguments: Arguments) throws {
    kernel = try KernelFlags.configuration(arguments)
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

  func configuration(databaseURL: String) -> BatchLoader.Configuration {
    var configuration = BatchLoader.Configuration(databaseURL: databaseURL)
    configuration.kernel = kernel
    configuration.minuteRetention = minuteRetention
    return configuration
  }
}
