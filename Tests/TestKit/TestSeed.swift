import Foundation

/// Seeds of property tests: drawn, or the one in `POLYRHYTHM_SEED`, to see a failure again.
public enum TestSeed {
  public static func drawn() -> UInt64 {
    ProcessInfo.processInfo.environment["POLYRHYTHM_SEED"].flatMap(UInt64.init)
      ?? UInt64.random(in: 0..<1_000_000)
  }
}
