import Glibc
import Synchronization

/// A storage device that can lose power, for tests and simulations: it knows of one directory tree
/// what has been synced, and can put the tree into a state that a power loss could have left.
///
/// While one lives, all that this module does below `root` is noted: syncing costs nothing there (the
/// device is the one simulated), a copy of what was synced is kept in memory, and sealed segments are
/// compressed at once and not beside their writer, so that the same calls take the same steps. Where none
/// lives, it costs one load of a flag a system call.
///
/// What a power loss can leave of a file that was changed after its last sync: the synced content, the
/// present one, one cut at any byte in between, or present and old sectors of 512 bytes side by side,
/// where a sector that never got to the device reads as zeros. Of the names in a directory that were made,
/// changed or removed since it was last synced: all from some change on are as they were before it.
///
/// ```
/// let disk = try SimulatedDisk(root: "/tmp/log")     // as the log has its path
/// disk.cutPower(after: 1000)                         // optional: the 1001st change fails, and all after it
/// … write, flush, sync; then let go of writers and readers …
/// let lost = try disk.powerLoss(seed: 7)             // and power is back
/// ```
public final class SimulatedDisk: Sendable {
  private let ledger: DiskLedger

  /// - Parameter root: a directory, which need not be there yet. What is there counts as synced.
  public init(root: String) throws(EventLogError) {
    ledger = DiskLedger(root: root)
    try ledger.adopt()
    let ledger = ledger
    Self.ledgers.withLock { $0.append(ledger) }
    Self.isWatching.store(true, ordering: .sequentiallyConsistent)
  }

  deinit {
    Self.ledgers.withLock { ledgers in
      ledgers.removeAll { $0 === ledger }
      Self.isWatching.store(!ledgers.isEmpty, ordering: .sequentiallyConsistent)
    }
  }

  /// Every change of a file or a directory after `changes` more of them fails with `.io`, until
  /// `powerLoss`; reading goes on. So a simulation stops a writer at any step of what it does.
  public func cutPower(after changes: Int) { ledger.cutPower(after: changes) }

  /// Puts the tree into a state that a power loss at this instant could leave, the same for the same
  /// seed and the same changes before. Writers must be gone; whoever read before has read what may
  /// never have been. What is left counts as synced.
  /// - Returns: a line for each file and directory that lost something.
  @discardableResult
  public func powerLoss(seed: UInt64) throws(EventLogError) -> [String] {
    try ledger.powerLoss(seed: seed)
  }

  // MARK: - What the file layer tells

  enum Change: Sendable {
    case opened(String)
    /// Bytes from here on are others than before.
    case changed(String, from: Int)
    case synced(String)
    case renamed(String, to: String)
    case removed(String)
    case madeDirectory(String)
    case syncedDirectory(String)
  }

  private static let isWatching = Atomic<Bool>(false)
  private static let ledgers = Mutex<[DiskLedger]>([])

  /// Before anything changes at `path`.
  /// - Throws: `.io` where the power is cut.
  @inline(__always)
  static func willChange(_ path: @autoclosure () -> String) throws(EventLogError) {
    guard isWatching.load(ordering: .relaxed) else { return }
    let path = path()
    try ledger(of: path)?.spend(path)
  }

  /// After something has changed.
  @inline(__always)
  static func note(_ change: @autoclosure () -> Change, at path: @autoclosure () -> String)
    throws(EventLogError)
  {
    guard isWatching.load(ordering: .relaxed) else { return }
    try ledger(of: path())?.note(change())
  }

  /// Whether `path` is on a simulated device, which has no other one to sync to.
  @inline(__always)
  static func hasPath(_ path: @autoclosure () -> String) -> Bool {
    isWatching.load(ordering: .relaxed) && ledger(of: path()) != nil
  }

  /// How often the power of the device that `path` is on has come back; nil where it is a real one.
  static func boot(of path: String) -> Int? {
    guard isWatching.load(ordering: .relaxed) else { return nil }
    return ledger(of: path)?.boots
  }

  private static func ledger(of path: String) -> DiskLedger? {
    ledgers.withLock { ledgers in ledgers.first { $0.has(path) } }
  }
}
