import Glibc
import Support

/// What a private cluster does with files beside the server's own, with this module's errors.
enum ClusterFiles {
  /// `mkdir -p`. The mode is for the directories that are made, whatever the umask.
  static func makeDirectories(_ path: String, mode: mode_t = 0o755) throws(WarehouseError) {
    let made: [String]
    do throws(SystemError) { made = try FileSystem.makeDirectories(path, mode: mode) } catch {
      throw failure("make the directory", error)
    }
    for directory in made where chmod(directory, mode) != 0 {
      throw failure("set the mode of", SystemError(errno, directory))
    }
  }

  /// Replaces the file in one step, so that nobody sees half of it.
  static func write(_ text: String, to path: String, mode: mode_t, owner: ServerUser)
    throws(WarehouseError)
  {
    do throws(SystemError) {
      try FileSystem.replace(
        path, with: Array(text.utf8), by: path + ".new", mode: mode, owner: (owner.uid, owner.gid))
    } catch {
      throw failure("write", error)
    }
  }

  /// What the operating system refused, in words.
  static func failure(_ action: String, _ error: SystemError) -> WarehouseError {
    WarehouseError(.cluster, "Cannot \(action) \(error.path): \(error.reason)")
  }

  /// The same for the system call that has just failed.
  static func failure(_ action: String, _ path: String) -> WarehouseError {
    failure(action, SystemError(errno, path))
  }

  /// FNV-1a, 64 bits, in hex: a short name for a path that is too long or cannot be reached.
  static func shortName(of path: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash.padded(to: 16, radix: 16)
  }
}
