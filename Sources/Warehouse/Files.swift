import Glibc

/// The few file operations that this module needs, without Foundation.
enum Files {
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  static func isSymbolicLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// The whole file from byte `offset` on; nil where it cannot be read.
  static func read(_ path: String, from offset: Int = 0) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard lseek(descriptor, offset, SEEK_SET) >= 0 else { return nil }
    return read(all: descriptor)
  }

  static func read(all descriptor: Int32) -> [UInt8]? {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { return nil }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  static func readText(_ path: String, from offset: Int = 0) -> String? {
    read(path, from: offset).map { String(decoding: $0, as: UTF8.self) }
  }

  static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Names in a directory, sorted; nil where it cannot be read.
  static func list(_ path: String) -> [String]? {
    guard let directory = opendir(path) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Links resolved; nil where there is nothing.
  static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  static var currentDirectory: String { realPath(".") ?? "/" }

  /// `path` from the root, without links being resolved, without `.` and a trailing slash.
  static func absolute(_ path: String) -> String {
    let full = path.hasPrefix("/") ? path : currentDirectory + "/" + path
    return "/" + full.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  /// `mkdir -p`. The mode is for the directories that are made, whatever the umask.
  static func makeDirectories(_ path: String, mode: mode_t = 0o755) throws(WarehouseError) {
    if isDirectory(path) { return }
    if path != "/" { try makeDirectories(parent(path), mode: mode) }
    if mkdir(path, mode) != 0 {
      if errno != EEXIST { throw failure("make the directory", path) }
    } else if chmod(path, mode) != 0 {
      throw failure("set the mode of", path)
    }
  }

  /// Replaces the file in one step, so that nobody sees half of it.
  static func write(_ text: String, to path: String, mode: mode_t, owner: ServerUser)
    throws(WarehouseError)
  {
    let temporary = path + ".new"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure("write", temporary) }
    defer { close(descriptor) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure("write", temporary) }
      rest = rest.dropFirst(count)
    }
    guard fchown(descriptor, owner.uid, owner.gid) == 0 || geteuid() != 0,
      fsync(descriptor) == 0, rename(temporary, path) == 0
    else { throw failure("write", path) }
  }

  static func failure(_ action: String, _ path: String) -> WarehouseError {
    WarehouseError(.cluster, "Cannot \(action) \(path): \(String(cString: strerror(errno)))")
  }

  /// FNV-1a, 64 bits, in hex: a short name for a path that is too long or cannot be reached.
  static func shortName(of path: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
