import Glibc
import Support

/// The operating system user that the server runs as. PostgreSQL refuses to run as root.
struct ServerUser {
  var name: String
  var uid: uid_t
  var gid: gid_t
  /// True where we are root and have to become this user.
  var isOther: Bool

  /// Whoever runs this process.
  static var current: ServerUser {
    let name = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) }
    return ServerUser(
      name: name ?? "\(geteuid())", uid: geteuid(), gid: getegid(), isOther: false)
  }

  /// `postgres` when we are root, else ourselves.
  static func forThisProcess() throws(WarehouseError) -> ServerUser {
    guard geteuid() == 0 else {
      return .current
    }
    guard let entry = getpwnam("postgres") else {
      throw WarehouseError(
        .cluster,
        "PostgreSQL does not run as root and there is no user postgres to run it as: "
          + "install postgresql, or run this program as an ordinary user")
    }
    return ServerUser(
      name: "postgres", uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid, isOther: true)
  }
}

/// Runs a short command to its end.
enum ChildProcess {
  struct Outcome {
    /// The exit status; 128 + the signal that ended it.
    var status: Int32
    /// Standard output and error together.
    var output: String
  }

  /// What a server may see of our environment: nothing that would change what it does (PGDATA,
  /// PGPORT, locale), and messages in English, because we read some of them. Its allocator keeps what
  /// one COPY has freed for the next one: as many as a load makes, they spent a quarter of their time
  /// in getting cleared pages from the kernel again.
  private static let environment = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
    "MALLOC_TRIM_THRESHOLD_=134217728", "MALLOC_TOP_PAD_=8388608",
    "MALLOC_MMAP_THRESHOLD_=33554432",
  ]

  /// The child gets a session of its own (the terminal's Ctrl-C does not reach it), no open file of
  /// ours (a server would hold our locks as long as it lives), default signals, and `/` to work in.
  static func run(_ command: [String], as user: ServerUser) throws(WarehouseError) -> Outcome {
    let words = ["/usr/bin/env", "--chdir=/"] + (user.isOther ? try become(user) : []) + command
    // A file, not a pipe: a daemon that keeps the descriptor open cannot keep us waiting.
    let output: OpenFile
    do throws(SystemError) { output = try OpenFile.unnamed(in: "/tmp") } catch {
      throw ClusterFiles.failure("write to", error)
    }
    var start = ProcessStart(words)
    start.environment = environment
    start.input = .nothing
    start.output = .descriptor(output.descriptor)
    start.errors = .descriptor(output.descriptor)
    start.closesOtherFiles = true
    start.group = .ownSession
    start.defaultSignals = [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGQUIT, SIGUSR1, SIGUSR2]
    do throws(SystemError) {
      // Where somebody ignores SIGCHLD, the status is gone.
      let status = ProcessEnd.wait(for: try start.start())?.status ?? 0
      let said = (try? output.readAll()) ?? []
      return Outcome(status: status, output: String(decoding: said, as: UTF8.self))
    } catch {
      throw WarehouseError(.cluster, "Cannot run \(error.path): \(error.reason)")
    }
  }

  /// The words before a command that make it run as `user`.
  private static func become(_ user: ServerUser) throws(WarehouseError) -> [String] {
    for setpriv in ["/usr/bin/setpriv", "/bin/setpriv"] where FileSystem.exists(setpriv) {
      return [setpriv, "--reuid=\(user.uid)", "--regid=\(user.gid)", "--init-groups", "--"]
    }
    for runuser in ["/usr/sbin/runuser", "/sbin/runuser"] where FileSystem.exists(runuser) {
      return [runuser, "-u", user.name, "--"]
    }
    throw WarehouseError(
      .cluster,
      "Cannot become user \(user.name): neither setpriv nor runuser is installed "
        + "(apt-get install util-linux)")
  }
}
