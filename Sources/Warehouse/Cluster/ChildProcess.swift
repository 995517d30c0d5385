import Glibc

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

  /// POSIX_SPAWN_SETSID of glibc's spawn.h, which shows it only under _GNU_SOURCE.
  private static let newSession: Int16 = 0x80

  /// The child gets a session of its own (the terminal's Ctrl-C does not reach it), no open file of
  /// ours (a server would hold our locks as long as it lives), default signals, and `/` to work in.
  static func run(_ command: [String], as user: ServerUser) throws(WarehouseError) -> Outcome {
    let words = ["/usr/bin/env", "--chdir=/"] + (user.isOther ? try become(user) : []) + command
    // A file, not a pipe: a daemon that keeps the descriptor open cannot keep us waiting.
    var template = Array("/tmp/polyrhythm-output-XXXXXX".utf8CString)
    let output = mkstemp(&template)
    guard output >= 0 else { throw Files.failure("write to", "/tmp") }
    _ = fcntl(output, F_SETFD, FD_CLOEXEC)
    unlink(template)
    defer { close(output) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    // Closing a descriptor that is gone by then is no error to glibc.
    for name in Files.list("/proc/self/fd") ?? [] {
      if let descriptor = Int32(name), descriptor > 2 {
        posix_spawn_file_actions_addclose(&actions, descriptor)
      }
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGQUIT, SIGUSR1, SIGUSR2] {
      sigaddset(&defaults, signal)
    }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | newSession)

    var process: pid_t = 0
    let failure = CStrings(words).withMutablePointers { arguments in
      CStrings(environment).withMutablePointers { environment in
        posix_spawn(&process, words[0], &actions, &attributes, arguments, environment)
      }
    }
    guard failure == 0 else {
      throw WarehouseError(
        .cluster, "Cannot run \(words[0]): \(String(cString: strerror(failure)))")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
      // ECHILD: somebody ignores SIGCHLD and the status is gone.
      if errno != EINTR { break }
    }
    let signal = status & 0x7F
    lseek(output, 0, SEEK_SET)
    return Outcome(
      status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal,
      output: String(decoding: Files.read(all: output) ?? [], as: UTF8.self))
  }

  /// The words before a command that make it run as `user`.
  private static func become(_ user: ServerUser) throws(WarehouseError) -> [String] {
    for setpriv in ["/usr/bin/setpriv", "/bin/setpriv"] where Files.exists(setpriv) {
      return [setpriv, "--reuid=\(user.uid)", "--regid=\(user.gid)", "--init-groups", "--"]
    }
    for runuser in ["/usr/sbin/runuser", "/sbin/runuser"] where Files.exists(runuser) {
      return [runuser, "-u", user.name, "--"]
    }
    throw WarehouseError(
      .cluster,
      "Cannot become user \(user.name): neither setpriv nor runuser is installed "
        + "(apt-get install util-linux)")
  }
}
