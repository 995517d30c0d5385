import Glibc

/// How a child process begins.
public struct ProcessStart {
  /// Where one of the three standard streams of a child leads.
  public enum Stream {
    /// Where ours leads.
    case inherited
    /// `/dev/null`.
    case nothing
    /// An open file of ours.
    case descriptor(Int32)
    /// A file, opened with flags of `open(2)`; made with mode 0600.
    case file(String, Int32)
  }

  /// What the child shares with this process where signals come from a terminal or go to many at once.
  public enum Group {
    /// Process group and session: a Ctrl-C of the terminal reaches the child too.
    case inherited
    /// Can be killed with all its children, as `-pid`.
    case own
    /// A session of its own: the terminal's Ctrl-C does not reach it either.
    case ownSession
  }

  /// The program and its arguments.
  public var words: [String]
  /// Whether the program is looked for in PATH; else `words[0]` is its path.
  public var isLookedUp = false
  /// `NAME=value`; nil: ours.
  public var environment: [String]?
  /// Standard input.
  public var input = Stream.inherited
  /// Standard output.
  public var output = Stream.inherited
  /// Standard error.
  public var errors = Stream.inherited
  /// Whether our open files beyond the three streams are closed, those too that are not marked so: a child
  /// would hold our locks as long as it lives.
  public var closesOtherFiles = false
  /// Whether signals that are meant for this process's group reach the child.
  public var group = Group.inherited
  /// Signals that do what they do by default, although this process ignores or handles them.
  public var defaultSignals: [Int32] = []
  /// Whether no signal is blocked, whatever the thread that starts the child has blocked.
  public var unblocksSignals = true

  /// - Parameter words: the program and its arguments, at least one.
  public init(_ words: [String]) { self.words = words }

  /// POSIX_SPAWN_SETSID of glibc's spawn.h, which shows it only under _GNU_SOURCE.
  private static let newSession: Int16 = 0x80

  /// Starts the child.
  /// - Returns: its process id; `ProcessEnd` has to be asked for its end.
  /// - Throws: with the program as the path. What goes wrong in the child after that is status 127.
  public func start() throws(SystemError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    Self.lead(0, to: input, O_RDONLY, &actions)
    Self.lead(1, to: output, O_WRONLY, &actions)
    Self.lead(2, to: errors, O_WRONLY, &actions)
    if closesOtherFiles {
      // One that is closed by then, as that of this very listing, is no error to glibc.
      for name in FileSystem.sortedNames(in: "/proc/self/fd") {
        if let descriptor = Int32(name), descriptor > 2 {
          posix_spawn_file_actions_addclose(&actions, descriptor)
        }
      }
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    setSignalsAndGroup(&attributes)
    var process: pid_t = 0
    let failure = CStrings(words).withMutablePointers { arguments in
      withEnvironment { environment in
        isLookedUp
          ? posix_spawnp(&process, words[0], &actions, &attributes, arguments, environment)
          : posix_spawn(&process, words[0], &actions, &attributes, arguments, environment)
      }
    }
    guard failure == 0 else { throw SystemError(failure, words[0]) }
    return process
  }

  private static func lead(
    _ number: Int32, to stream: Stream, _ flags: Int32, _ actions: inout posix_spawn_file_actions_t
  ) {
    switch stream {
    case .inherited: break
    case .nothing: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", flags, 0)
    case .descriptor(let descriptor):
      posix_spawn_file_actions_adddup2(&actions, descriptor, number)
    case .file(let path, let flags):
      posix_spawn_file_actions_addopen(&actions, number, path, flags, 0o600)
    }
  }

  private func setSignalsAndGroup(_ attributes: inout posix_spawnattr_t) {
    var flags: Int16 = 0
    if unblocksSignals {
      var none = sigset_t()
      sigemptyset(&none)
      posix_spawnattr_setsigmask(&attributes, &none)
      flags |= Int16(POSIX_SPAWN_SETSIGMASK)
    }
    if !defaultSignals.isEmpty {
      var defaults = sigset_t()
      sigemptyset(&defaults)
      for signal in defaultSignals { sigaddset(&defaults, signal) }
      posix_spawnattr_setsigdefault(&attributes, &defaults)
      flags |= Int16(POSIX_SPAWN_SETSIGDEF)
    }
    switch group {
    case .inherited: break
    case .own:
      posix_spawnattr_setpgroup(&attributes, 0)
      flags |= Int16(POSIX_SPAWN_SETPGROUP)
    case .ownSession: flags |= Self.newSession
    }
    posix_spawnattr_setflags(&attributes, flags)
  }

  private func withEnvironment(
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32
  ) -> Int32 {
    guard let environment else { return body(environ) }
    return CStrings(environment).withMutablePointers { body($0) }
  }
}
