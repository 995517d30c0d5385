import EventLog
final class SimulatedDisk {
  init(root: String) throws {}
  func powerLoss(seed: UInt64) throws -> [String] { [] }
}
