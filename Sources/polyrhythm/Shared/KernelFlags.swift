import Metrics

/// What the kernel is told by the command line. Both layers have to be given the same.
enum KernelFlags {
  static let lateness = Flag(
    "--lateness-seconds", "N",
    "how far behind its partition an event may come and still be in time (default 600)",
    environment: "POLYRHYTHM_LATENESS_SECONDS")

  /// - Throws: `UsageError` naming the flag and its range.
  static func configuration(_ arguments: Arguments) throws -> Kernel.Configuration {
    let seconds = try arguments.int("--lateness-seconds", in: 0...86_400) ?? 600
    return Kernel.Configuration(allowedLatenessMs: Int64(seconds) * 1000)
  }
}
