import Glibc

/// An open file of the operating system; closed when the last reference goes. Every failure comes
/// back as an `EventLogError` that names the file and what the system said.
final class File {
  let descriptor: Int32
  let path: String

  /// Of a file that is made here: a log holds what people did, and is its owner's.
  private static let fileMode: mode_t = 0o600
  private static let directoryMode: mode_t = 0o700

  /// - Returns: nil where `flags` do not create and the file is not there.
  static func openIfThere(_ path: String, _ flags: Int32) throws(EventLogError) -> File? {
    let changes = flags & (O_CREAT | O_TRUNC) != 0
    if changes { try SimulatedDisk.willChange(path) }
    while true {
      let descriptor = open(path, flags | O_CLOEXEC, fileMode)
      if descriptor >= 0 {
        let file = File(descriptor: descriptor, path: path)
        if changes { try SimulatedDisk.note(.opened(path), at: path) }
        if flags & O_TRUNC != 0 { try SimulatedDisk.note(.changed(path, from: 0), at: path) }
        return file
      }
      if errno == ENOENT { return nil }
      if errno != EINTR { throw .system(errno, "cannot open", path) }
    }
  }

  static func opening(_ path: String, _ flags: Int32) throws(EventLogError) -> File {
    guard let file = try openIfThere(path, flags) else {
      throw .system(ENOENT, "cannot open", path)
    }
    return file
  }

  private init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  func size() throws(EventLogError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(errno, "cannot examine", path) }
    return Int(status.st_size)
  }

  /// Reads until `count` bytes are there or the file ends.
  func read(into start: UnsafeMutableRawPointer, count: Int, at position: Int)
    throws(EventLogError) -> Int
  {
    var done = 0
    while done < count {
      let got = pread(descriptor, start + done, count - done, off_t(position + done))
      if got == 0 { break }
      if got < 0 {
        if errno == EINTR { continue }
        throw .system(errno, "cannot read", path)
      }
      done += got
    }
    return done
  }

  /// Writes all of `bytes`, in one call to the system unless that comes up short.
  /// - Parameter written: how many bytes are in the file, also where this throws.
  func write(_ bytes: UnsafeRawBufferPointer, at position: Int, written: inout Int)
    throws(EventLogError)
  {
    written = 0
    try SimulatedDisk.willChange(path)
    try SimulatedDisk.note(.changed(path, from: position), at: path)
    while written < bytes.count {
      let put = pwrite(
        descriptor, bytes.baseAddress! + written, bytes.count - written,
        off_t(position + written))
      if put < 0 {
        if errno == EINTR { continue }
        throw .system(errno, "cannot write", path)
      }
      written += put
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(EventLogError) {
    var written = 0
    try write(bytes, at: position, written: &written)
  }

  // Arrays, for what is small. Their closures do not carry typed errors, results do.

  func read(count: Int, at position: Int) throws(EventLogError) -> [UInt8] {
    var outcome = Result<Int, EventLogError>.success(0)
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let start = buffer.baseAddress else { return }
      outcome = Result { () throws(EventLogError) in
        try read(into: UnsafeMutableRawPointer(start), count: count, at: position)
      }
      initialized = (try? outcome.get()) ?? 0
    }
    _ = try outcome.get()
    return bytes
  }

  func write(_ bytes: [UInt8], at position: Int = 0) throws(EventLogError) {
    let outcome = bytes.withUnsafeBytes { buffer in
      Result { () throws(EventLogError) in try write(buffer, at: position) }
    }
    try outcome.get()
  }

  func truncate(to size: Int) throws(EventLogError) {
    try SimulatedDisk.willChange(path)
    try SimulatedDisk.note(.changed(path, from: size), at: path)
    while ftruncate(descriptor, off_t(size)) != 0 {
      if errno != EINTR { throw .system(errno, "cannot shorten", path) }
    }
  }

  /// Returns when the content is on the storage device.
  func sync() throws(EventLogError) {
    try SimulatedDisk.willChange(path)
    try SimulatedDisk.note(.synced(path), at: path)
    if SimulatedDisk.hasPath(path) { return }
    guard fdatasync(descriptor) == 0 else { throw .system(errno, "cannot sync", path) }
  }

  /// `sync`, asked for by who only reads: a file system that is mounted read-only, or lets nobody sync
  /// what is open for reading, has been asked.
  func syncAsReader() throws(EventLogError) {
    try SimulatedDisk.willChange(path)
    try SimulatedDisk.note(.synced(path), at: path)
    if SimulatedDisk.hasPath(path) { return }
    guard fdatasync(descriptor) == 0 || Self.isBeyondReaders(errno) else {
      throw .system(errno, "cannot sync", path)
    }
  }

  static func syncDirectoryAsReader(_ path: String) throws(EventLogError) {
    try SimulatedDisk.willChange(path)
    try SimulatedDisk.note(.syncedDirectory(path), at: path)
    if SimulatedDisk.hasPath(path) { return }
    let directory = try opening(path, O_RDONLY | O_DIRECTORY)
    guard fsync(directory.descriptor) == 0 || isBeyondReaders(errno) else {
      throw .system(errno, "cannot sync", path)
    }
  }

  private static func isBeyondReaders(_ code: Int32) -> Bool {
    code == EROFS || code == EINVAL || code == EBADF
  }

  // MARK: - Names

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Where `new` is the name of another file, that one goes.
  static func rename(_ old: String, to new: String) throws(EventLogError) {
    guard try renameIfFree(old, to: new) else { throw .system(ENOTEMPTY, "cannot rename to", new) }
  }

  /// - Returns: false where `new` is a directory that has something in it.
  static func renameIfFree(_ old: String, to new: String) throws(EventLogError) -> Bool {
    try SimulatedDisk.willChange(new)
    guard Glibc.rename(old, new) == 0 else {
      if errno == EEXIST || errno == ENOTEMPTY { return false }
      throw .system(errno, "cannot rename to", new)
    }
    try SimulatedDisk.note(.renamed(old, to: new), at: new)
    return true
  }

  static func remove(_ path: String) throws(EventLogError) {
    try SimulatedDisk.willChange(path)
    guard unlink(path) == 0 || errno == ENOENT else { throw .system(errno, "cannot remove", path) }
    try SimulatedDisk.note(.removed(path), at: path)
  }

  static func removeDirectory(_ path: String) throws(EventLogError) {
    try SimulatedDisk.willChange(path)
    guard rmdir(path) == 0 || errno == ENOENT else { throw .system(errno, "cannot remove", path) }
    try SimulatedDisk.note(.removed(path), at: path)
  }

  /// Makes one directory; its name is not synced.
  /// - Returns: false where it is there already.
  @discardableResult
  static func makeDirectory(_ path: String) throws(EventLogError) -> Bool {
    try makeDirectory(path, directoryMode)
  }

  private static func makeDirectory(_ path: String, _ mode: mode_t) throws(EventLogError) -> Bool {
    try SimulatedDisk.willChange(path)
    guard mkdir(path, mode) == 0 else {
      if errno == EEXIST { return false }
      throw .system(errno, "cannot make directory", path)
    }
    try SimulatedDisk.note(.madeDirectory(path), at: path)
    return true
  }

  /// Makes `path` and what is missing above it, and lets their names survive a power failure. What
  /// is above is open to others, as the shell would make it: it is not the log's alone.
  static func makeDirectories(_ path: String) throws(EventLogError) {
    try makeDirectories(path, directoryMode)
  }

  private static func makeDirectories(_ path: String, _ mode: mode_t) throws(EventLogError) {
    if exists(path) { return }
    let parent = parent(path)
    if !exists(parent) { try makeDirectories(parent, 0o755) }
    guard try makeDirectory(path, mode) else { return }
    do throws(EventLogError) {
      try syncDirectory(parent)
    } catch  where access(parent, R_OK) != 0 {
      // Somebody else's directory that we may write but not open.
    }
  }

  private static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes the names in a directory survive a power failure.
  static func syncDirectory(_ path: String) throws(EventLogError) {
    try SimulatedDisk.willChange(path)
    try SimulatedDisk.note(.syncedDirectory(path), at: path)
    if SimulatedDisk.hasPath(path) { return }
    let directory = try opening(path, O_RDONLY | O_DIRECTORY)
    guard fsync(directory.descriptor) == 0 else { throw .system(errno, "cannot sync", path) }
  }

  /// The names in a directory, without `.` and `..`; nil where it is not there.
  static func names(in path: String) throws(EventLogError) -> [String]? {
    guard let directory = opendir(path) else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw .system(errno, "cannot list", path)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}

extension EventLogError {
  /// What the operating system refused, and what a person can do about it.
  static func system(_ code: Int32, _ action: String, _ path: String) -> EventLogError {
    let advice =
      switch code {
      case ENOSPC, EDQUOT: "; free some space, then go on"
      case EFBIG: "; raise the file size limit (ulimit -f)"
      case EACCES, EPERM: "; check who owns it"
      case EMFILE, ENFILE: "; raise the limit on open files (ulimit -n)"
      case ENOENT: "; check the path"
      case EIO: "; the disk may be failing"
      case EROFS: "; it is mounted read-only"
      default: ""
      }
    return EventLogError(
      code == ENOENT ? .unavailable : .io,
      "\(action) \(path): \(String(cString: strerror(code)))\(advice)")
  }
}
