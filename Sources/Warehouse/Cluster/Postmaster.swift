import Glibc
import Support

/// What a lock file of PostgreSQL's says about a server (`postmaster.pid`, and the one beside the
/// socket, which begins with the same lines), and whether that is still so.
///
/// All that is looked at, anybody may look at: what `/proc` shows of every process, and whether
/// somebody listens on the socket. No capability is needed, so it is the same in a container.
struct Postmaster {
  var processID: pid_t
  /// The data directory as the server was told it.
  var dataDirectory: String
  /// Seconds since 1970.
  var startedAt: Int64?
  var port: UInt16?
  var socketDirectory: String?
  /// Number of the shared memory that all processes of the server are attached to.
  var sharedMemory: Int64?

  /// Reads `postmaster.pid`. nil where there is none.
  init?(dataDirectory: String) {
    guard let text = FileSystem.text(dataDirectory + "/postmaster.pid") else { return nil }
    self.init(text)
  }

  /// The lines: process, data directory, start, port, socket directory, address, shared memory's key
  /// and number, state. A server that is just starting has written the first ones only.
  init?(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let processID = lines.first.flatMap({ pid_t($0) }), processID > 0 else { return nil }
    self.processID = processID
    dataDirectory = lines.count > 1 ? String(lines[1]) : ""
    startedAt = lines.count > 2 ? Int64(lines[2]) : nil
    port = lines.count > 3 ? UInt16(lines[3]) : nil
    if lines.count > 4, !lines[4].isEmpty { socketDirectory = String(lines[4]) }
    if lines.count > 6 {
      sharedMemory = lines[6].split(separator: " ").dropFirst().first.flatMap { Int64($0) }
    }
  }

  /// True while the server of this directory lives, or may. False once its process is gone or only
  /// waits to be buried, and where its number belongs to another process by now.
  func isRunning(in directory: String) -> Bool {
    // A server that we started and that has died may be ours to bury.
    waitpid(processID, nil, WNOHANG)
    if isCopied(in: directory) { return false }
    switch identity(in: directory) {
    case .theServer, .unknown: return true
    // One in another container has a number that means nothing here.
    case .gone, .anotherProcess: return answers
    }
  }

  enum Identity: Equatable {
    case theServer
    /// No such process, or one that has ended and that nobody has buried yet.
    case gone
    /// The number went to something else.
    case anotherProcess
    /// There is a process, and nothing can be told of it.
    case unknown
  }

  /// What the process of that number is, as far as `/proc` tells.
  func identity(in directory: String) -> Identity {
    guard kill(processID, 0) == 0 || errno == EPERM else { return .gone }
    guard let process = ProcessLook(processID) else {
      return kill(processID, 0) == 0 || errno == EPERM ? .unknown : .gone
    }
    if process.hasEnded { return .gone }
    // PostgreSQL serves no directory of somebody else's.
    var status = stat()
    if stat(directory, &status) == 0, let user = process.user, user != status.st_uid {
      return .anotherProcess
    }
    guard let startedAt else { return .unknown }
    // A server notes its time shortly after its process was made: longer after on a busy machine, but
    // never before. A second each way is rounding.
    let delay = Double(startedAt) - process.startedAt
    return delay > -2 && delay < Self.startDelayMax ? .theServer : .anotherProcess
  }

  /// Seconds between the making of a process and the time that the server in it notes.
  private static let startDelayMax = 60.0

  /// Whether somebody listens on the server's socket. Only a postmaster does; backends that outlive
  /// it do not.
  private var answers: Bool {
    guard let socketDirectory, let port else { return false }
    let path = Array("\(socketDirectory)/.s.PGSQL.\(port)".utf8)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let socket = socket(AF_UNIX, type, 0)
    guard socket >= 0 else { return true }
    defer { close(socket) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    // Refused: nobody listens. Anything else that fails, a full queue, say, is no proof.
    return result == 0 || ![ECONNREFUSED, ENOENT, ENOTDIR].contains(errno)
  }

  /// Whether this file came here with a copy of a directory whose server is elsewhere. A directory
  /// that was moved is no copy: its old place has nothing.
  private func isCopied(in directory: String) -> Bool {
    guard !dataDirectory.isEmpty, dataDirectory != directory else { return false }
    var here = stat()
    var there = stat()
    guard stat(directory, &here) == 0, stat(dataDirectory, &there) == 0 else { return false }
    let isSame = here.st_dev == there.st_dev && here.st_ino == there.st_ino
    return !isSame && Postmaster(dataDirectory: dataDirectory)?.processID == processID
  }

  // MARK: Misleading locks

  /// A number that no process has: Linux counts up to 4,194,304.
  private static let noProcess = pid_t.max

  /// PostgreSQL takes a lock file for a running server's as long as its own user has a process of the
  /// number in it, an unburied one or an unrelated one too. Where that is so, and the server is
  /// certainly gone, puts a number into the file that no process has.
  ///
  /// No file is removed, and the rest of it stays: PostgreSQL itself then looks whether backends
  /// outlived their postmaster and still hold its memory, and does not start while they do.
  static func correctMisleadingLocks(of place: ClusterPlace, port: UInt16) {
    correct(place.dataDirectory + "/postmaster.pid", of: place.dataDirectory)
    correct("\(place.socketDirectory)/.s.PGSQL.\(port).lock", of: place.dataDirectory)
  }

  static func correct(_ path: String, of directory: String) {
    guard let file = try? OpenFile(path, O_RDWR), let bytes = try? file.readAll() else { return }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let lock = Postmaster(text), !lock.isRunning(in: directory) else { return }
    // A number of nobody's misleads nobody.
    guard kill(lock.processID, 0) == 0 else { return }
    // Its number went to another process, or the clock was set and its socket removed.
    // The memory of one that was copied is another server's.
    if !lock.isCopied(in: directory), lock.identity(in: directory) != .gone, lock.hasAttachedMemory
    {
      return
    }
    // Into this very file: where a server has made itself a new one meanwhile, nobody sees this.
    let corrected = Array("\(noProcess)\(text.drop { $0.isNumber })".utf8)
    var written = 0
    corrected.withUnsafeBytes { try? file.write($0, at: 0, written: &written) }
  }

  /// Whether any process is attached to the server's shared memory, or may be.
  private var hasAttachedMemory: Bool {
    guard let sharedMemory else { return false }
    guard let table = FileSystem.text("/proc/sysvipc/shm") else { return true }
    // key shmid perms size cpid lpid nattch …
    for line in table.split(separator: "\n").dropFirst() {
      let words = line.split(separator: " ")
      if words.count > 6, Int64(words[1]) == sharedMemory { return words[6] != "0" }
    }
    return false
  }
}

/// What everybody may see of a process.
private struct ProcessLook {
  var hasEnded: Bool
  /// Effective user.
  var user: uid_t?
  /// Seconds since 1970, by the clock as it is set now.
  var startedAt: Double

  init?(_ process: pid_t) {
    // `PID (NAME) STATE …`: the name may have blanks and brackets. The 22nd field is the start in
    // clock ticks since the machine's.
    guard let text = FileSystem.text("/proc/\(process)/stat"),
      let bracket = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: bracket)...].split(separator: " ")
    guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
    hasEnded = ["Z", "X", "x"].contains(fields[0])
    user = FileSystem.text("/proc/\(process)/status")?.split(separator: "\n")
      .first { $0.hasPrefix("Uid:") }?.split(whereSeparator: \.isWhitespace).dropFirst(2).first
      .flatMap { uid_t($0) }
    var sinceBoot = timespec()
    var now = timespec()
    clock_gettime(CLOCK_BOOTTIME, &sinceBoot)
    clock_gettime(CLOCK_REALTIME, &now)
    startedAt = now.seconds - sinceBoot.seconds + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}

extension timespec {
  fileprivate var seconds: Double { Double(tv_sec) + Double(tv_nsec) / 1e9 }
}
