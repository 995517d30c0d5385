import Glibc
import Support
import Synchronization

/// The books of a `SimulatedDisk`: what each file and directory below a root has on the device.
final class DiskLedger: Sendable {
  private let root: String
  private let state: Mutex<State>

  private struct State {
    var root = DiskNode(isDirectory: true)
    /// Changes that the power lasts for; nil while it is on.
    var changesLeft: Int?
    var boots = 0
  }

  init(root: String) {
    self.root = root
    state = Mutex(State())
  }

  func has(_ path: String) -> Bool {
    path.hasPrefix(root) && (path.utf8.count == root.utf8.count || path.hasPrefix(root + "/"))
  }

  /// The names from the root down to `path`.
  private func names(_ path: String) -> [Substring] {
    path.dropFirst(root.count).split(separator: "/")
  }

  func adopt() throws(EventLogError) {
    let root = root
    try locked { (state) throws(EventLogError) in try Self.adopt(root, state.root) }
  }

  private static func adopt(_ path: String, _ node: DiskNode) throws(EventLogError) {
    for name in try File.names(in: path) ?? [] {
      let child = DiskNode(isDirectory: try isDirectory("\(path)/\(name)"))
      node.names[name] = child
      if child.isDirectory {
        try adopt("\(path)/\(name)", child)
      } else {
        child.synced(try content("\(path)/\(name)"))
      }
    }
    node.syncedNames()
  }

  func cutPower(after changes: Int) { state.withLock { $0.changesLeft = changes } }

  var boots: Int { state.withLock { $0.boots } }

  func spend(_ path: String) throws(EventLogError) {
    let hasPower = state.withLock { state in
      guard let left = state.changesLeft else { return true }
      state.changesLeft = max(0, left - 1)
      return left > 0
    }
    guard hasPower else {
      throw EventLogError(.io, "cannot change \(path): the simulated disk has no power")
    }
  }

  func note(_ change: SimulatedDisk.Change) throws(EventLogError) {
    try locked { (state) throws(EventLogError) in try self.note(change, state.root) }
  }

  private func note(_ change: SimulatedDisk.Change, _ root: DiskNode) throws(EventLogError) {
    func find(_ path: String) -> DiskNode? {
      var node: DiskNode? = root
      for name in names(path) { node = node?.names[String(name)] }
      return node
    }
    func parent(_ path: String) -> (DiskNode, String)? {
      let names = names(path)
      guard let name = names.last else { return nil }
      var node: DiskNode? = root
      for name in names.dropLast() { node = node?.names[String(name)] }
      return node.map { ($0, String(name)) }
    }
    switch change {
    case .opened(let path), .madeDirectory(let path):
      guard let (directory, name) = parent(path), directory.names[name] == nil else { return }
      let isDirectory = if case .madeDirectory = change { true } else { false }
      directory.change(.set(name, DiskNode(isDirectory: isDirectory)))
    case .changed(let path, let position):
      guard let file = find(path) else { return }
      file.unchanged = min(file.unchanged, position)
    case .synced(let path):
      guard let file = find(path) else { return }
      let rest = try Self.content(path, from: file.unchanged)
      file.synced(file.durable.prefix(file.unchanged) + rest)
    case .renamed(let old, let new):
      guard let (directory, name) = parent(old), let (other, newName) = parent(new) else { return }
      if directory === other {
        directory.change(.rename(name, newName))
      } else if let node = directory.names[name] {
        other.change(.set(newName, node))
        directory.change(.remove(name))
      }
    case .removed(let path):
      guard let (directory, name) = parent(path) else { return }
      directory.change(.remove(name))
    case .syncedDirectory(let path):
      find(path)?.syncedNames()
    }
  }

  // MARK: - Power loss

  func powerLoss(seed: UInt64) throws(EventLogError) -> [String] {
    let root = root
    return try locked { (state) throws(EventLogError) -> [String] in
      state.changesLeft = nil
      state.boots += 1
      var lost: [String] = []
      var before: [(path: String, node: DiskNode)] = []
      try Self.collect(root, state.root, into: &before)
      Self.settle(root, state.root, DiskRandom.Seed(seed, below: root), &lost)
      var after: [(path: String, node: DiskNode)] = []
      Self.list(root, state.root, into: &after)
      let kept = Set(after.map(\.path))
      for (path, node) in before.reversed() where !kept.contains(path) {
        _ = node.isDirectory ? rmdir(path) : unlink(path)
      }
      for (path, node) in after {
        if node.isDirectory {
          guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw .system(errno, "cannot make directory", path)
          }
        } else {
          try Self.replace(path, node.durable)
        }
      }
      return lost
    }
  }

  /// Lists what there is, with the content that each file has at present.
  private static func collect(
    _ path: String, _ node: DiskNode, into list: inout [(path: String, node: DiskNode)]
  ) throws(EventLogError) {
    for (name, child) in node.names.sorted(by: { $0.key < $1.key }) {
      let path = "\(path)/\(name)"
      list.append((path, child))
      if child.isDirectory {
        try collect(path, child, into: &list)
      } else if File.exists(path) {
        child.present = try content(path)
      }
    }
  }

  private static func list(
    _ path: String, _ node: DiskNode, into list: inout [(path: String, node: DiskNode)]
  ) {
    for (name, child) in node.names.sorted(by: { $0.key < $1.key }) {
      list.append(("\(path)/\(name)", child))
      if child.isDirectory { self.list("\(path)/\(name)", child, into: &list) }
    }
  }

  /// Decides what is left of a directory and all below it.
  private static func settle(
    _ path: String, _ node: DiskNode, _ seed: DiskRandom.Seed, _ lost: inout [String]
  ) {
    var random = seed.random(for: path)
    if !node.changes.isEmpty {
      let count = node.changes.count
      let kept = random.below(count + 1)
      node.keepNames(kept)
      if kept < count { lost.append("\(path): the last \(count - kept) of \(count) changed names") }
    }
    for (name, child) in node.names.sorted(by: { $0.key < $1.key }) {
      let path = "\(path)/\(name)"
      if child.isDirectory {
        settle(path, child, seed, &lost)
      } else {
        var random = seed.random(for: path)
        let present = child.present ?? child.durable
        child.present = nil
        let left = random.mix(child.durable, present)
        if left != present {
          lost.append(
            "\(path): \(child.durable.count) bytes synced, \(present.count) written, "
              + "\(left.count) left, alike up to byte \(DiskRandom.common(left, present))")
        }
        child.synced(left)
      }
    }
  }

  // MARK: - Files

  /// A mutex's closure does not carry typed errors, a result does.
  private func locked<Value: Sendable>(
    _ body: @Sendable (inout sending State) throws(EventLogError) -> Value
  ) throws(EventLogError) -> Value {
    try state.withLock { (state) -> Result<Value, EventLogError> in
      do throws(EventLogError) { return .success(try body(&state)) } catch {
        return .failure(error)
      }
    }.get()
  }

  private static func isDirectory(_ path: String) throws(EventLogError) -> Bool {
    do throws(SystemError) { return try FileSystem.kind(of: path) == .directory } catch {
      throw .system(error.code, "cannot examine", path)
    }
  }

  private static func content(_ path: String, from position: Int = 0) throws(EventLogError)
    -> [UInt8]
  {
    let file = try File.opening(path, O_RDONLY)
    return try file.read(count: max(0, try file.size() - position), at: position)
  }

  /// Past the hooks: this is the device itself.
  private static func replace(_ path: String, _ bytes: [UInt8]) throws(EventLogError) {
    if File.exists(path), try content(path) == bytes { return }
    do throws(SystemError) {
      try OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC).write(bytes)
    } catch {
      throw .system(error.code, "cannot write", path)
    }
  }
}

/// A file or a directory on a simulated device.
final class DiskNode {
  enum NameChange {
    case set(String, DiskNode)
    case remove(String)
    /// Within one directory, in one step.
    case rename(String, String)
  }

  let isDirectory: Bool
  /// What the file was when it was last synced.
  private(set) var durable: [UInt8] = []
  /// So many of the first bytes of `durable` are still in the file.
  var unchanged = 0
  /// What the file is, while a power loss is decided upon; nil where it was removed.
  var present: [UInt8]?
  var names: [String: DiskNode] = [:]
  private var durableNames: [String: DiskNode] = [:]
  /// From `durableNames` to `names`.
  private(set) var changes: [NameChange] = []

  init(isDirectory: Bool) { self.isDirectory = isDirectory }

  func synced(_ content: [UInt8]) {
    durable = content
    unchanged = content.count
  }

  func change(_ change: NameChange) {
    Self.apply(change, to: &names)
    changes.append(change)
  }

  func syncedNames() {
    durableNames = names
    changes = []
  }

  /// The first `count` changes got to the device, the others did not.
  func keepNames(_ count: Int) {
    names = durableNames
    for change in changes.prefix(count) { Self.apply(change, to: &names) }
    syncedNames()
  }

  private static func apply(_ change: NameChange, to names: inout [String: DiskNode]) {
    switch change {
    case .set(let name, let node): names[name] = node
    case .remove(let name): names[name] = nil
    case .rename(let old, let new):
      guard let node = names.removeValue(forKey: old) else { return }
      names[new] = node
    }
  }
}

/// What a disk makes of writes that were not synced.
struct DiskRandom {
  /// Gives each file draws of its own, by its path below the root: the same whatever the root is called,
  /// and whatever else is on the disk (a lock's process id, which no seed gives).
  struct Seed {
    private let value: UInt64
    private let root: String

    init(_ value: UInt64, below root: String) {
      self.value = value
      self.root = root
    }

    func random(for path: String) -> DiskRandom {
      // FNV-1a.
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in path.utf8.dropFirst(root.utf8.count) {
        hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
      }
      return DiskRandom(seed: value ^ hash)
    }
  }

  private var random: SplitMix64

  private init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func below(_ bound: Int) -> Int { random.below(bound) }

  private static let sectorBytes = 512

  /// What may be left of a file that was `old` when it was synced and is `new` now.
  mutating func mix(_ old: [UInt8], _ new: [UInt8]) -> [UInt8] {
    if old == new { return new }
    let common = Self.common(old, new)
    let longer = new.count >= old.count ? new : old
    switch below(6) {
    case 0: return old
    case 1: return new
    case 2, 3: return Array(longer.prefix(common + below(longer.count - common + 1)))
    default:
      let newInTen = 1 + below(9)
      var left = [UInt8](repeating: 0, count: below(2) == 0 ? new.count : longer.count)
      for start in stride(from: 0, to: left.count, by: Self.sectorBytes) {
        let source = below(10) < newInTen ? new : old
        for position in start..<min(start + Self.sectorBytes, left.count, max(source.count, start))
        {
          left[position] = source[position]
        }
      }
      return left
    }
  }

  /// Bytes at the beginning that both have.
  static func common(_ a: [UInt8], _ b: [UInt8]) -> Int {
    let bound = min(a.count, b.count)
    return (0..<bound).first { a[$0] != b[$0] } ?? bound
  }
}
