/// For how long rollups keep minutes, as the command line says it.
enum RetentionFlags {
  static let minutes = Flag(
    "--minute-retention", "HOURS",
    "how long rollups keep minutes, before the newest event; older ones have hours and days "
      + "(default 48; all keeps them all)",
    environment: "POLYRHYTHM_MINUTE_RETENTION")

  /// - Returns: seconds; nil where all minutes are kept.
  /// - Throws: `UsageError` naming the flag and its range.
  static func seconds(_ arguments: Arguments) throws -> Double? {
    guard arguments.string("--minute-retention") != "all" else { return nil }
    let hours = try arguments.int("--minute-retention", in: 1...1_000_000) ?? 48
    return Double(hours) * 3600
  }
}
