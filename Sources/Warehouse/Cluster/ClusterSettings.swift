import Glibc
import Support

/// The private cluster's configuration files, as text.
struct ClusterSettings {
  /// Name of the file that every start writes anew and postgresql.conf includes.
  static let fileName = "polyrhythm.conf"
  /// Name of the file that is the operator's own; read last.
  static let localFileName = "local.conf"

  var port: UInt16
  var socketDirectory: String
  /// In the title of each of the server's processes.
  var clusterName: String
  /// Bytes of memory that this machine, or this container, has.
  var memory: Int
  /// Bytes free where the data directory is.
  var diskFree: Int
  /// False gives up durability for speed: tests only.
  var isDurable: Bool

  var text: String {
    let mebibyte = 1 << 20
    let sharedBuffers = min(max(memory / 4 / mebibyte, 32), 1024)
    // WAL may take its 8 GB only where the disk has plenty left.
    let walSize = min(max(diskFree / 4 / mebibyte, 256), 8192)
    var lines = [
      "# Written by polyrhythm at every start. Put your own settings into \(Self.localFileName).",
      "listen_addresses = '127.0.0.1'",
      "port = \(port)",
      "unix_socket_directories = '\(socketDirectory)'",
      "unix_socket_permissions = 0700",
      "cluster_name = '\(clusterName)'",
      "password_encryption = 'scram-sha-256'",
      "max_connections = 100",
      // A day of facts is three partitions, and a full load locks all of them at once: room for ten years.
      "max_locks_per_transaction = 1024",
      "shared_buffers = \(sharedBuffers)MB",
      "work_mem = 64MB",
      "maintenance_work_mem = \(min(512, max(sharedBuffers / 2, 64)))MB",
      "wal_level = minimal",
      "max_wal_senders = 0",
      "max_wal_size = \(walSize)MB",
      "checkpoint_timeout = 15min",
      "synchronous_commit = on",
      "jit = off",
      "random_page_cost = 1.1",
      "TimeZone = 'UTC'",
      "log_timezone = 'UTC'",
      "lc_messages = 'C'",
      "logging_collector = off",
      "log_line_prefix = '%m [%p] %q%a '",
      // The terms of a failing statement may hold listeners' data.
      "log_parameter_max_length_on_error = 0",
    ]
    if !isDurable {
      lines += [
        "fsync = off", "full_page_writes = off", "synchronous_commit = off",
        "shared_buffers = 64MB", "max_wal_size = 1GB", "autovacuum_naptime = 10min",
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Appended once to the postgresql.conf that initdb makes.
  static let includes = """

    # polyrhythm
    include_if_exists = '\(fileName)'
    include_if_exists = '\(localFileName)'

    """

  /// Who may log in. The socket's directory is open to the server's own user only, so whoever can
  /// reach the socket may do anything with the files anyhow; over TCP only the reader, by password.
  static let hostBasedAuthentication = """
    # type  database  user     address       method
    local   all       all                    trust
    host    all       analyst  127.0.0.1/32  scram-sha-256

    """

  /// Physical memory, or the control group's limit where that is lower. Bytes.
  static func memoryOfThisMachine() -> Int {
    let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    let limit = FileSystem.text("/sys/fs/cgroup/memory.max")
      .flatMap { Int($0.filter { !$0.isWhitespace }) }
    return min(physical, limit ?? physical)
  }

  /// Bytes that an ordinary user may still write there.
  static func diskFree(at path: String) -> Int {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return 0 }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }
}
