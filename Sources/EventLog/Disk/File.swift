import Glibc
import Support

/// An open file of a log; closed when the last copy of this value goes. Every failure comes back as an
/// `EventLogError` that names the file and what the system said, and every change is told to the
/// `SimulatedDisk` that the file is on.
struct File {
  private let file: OpenFile

  var descriptor: Int32 { file.descriptor }
  var path: String { file.path }

  /// Of what is made here: a log holds what people did, and is its owner's.
  private static let fileMode: mode_t = 0o600
  private static let directoryMode: mode_t = 0o700

  /// - Returns: nil where `flags` do not create and the file is not there.
  static func openIfThere(_ path: String, _ flags: Int32) throws(EventLogError) -> File? {
    let changes = flags & (O_CREAT | O_TRUNC) != 0
    if changes { try SimulatedDisk.willChange(path) }
    let file: File
    do throws(SystemError) {
      file = File(file: try OpenFile(path, flags, mode: fileMode))
    } catch {
      if error.code == ENOENT { return nil }
      throw .system(error.code, "cannot open", path)
    }
    if changes { try SimulatedDisk.note(.opened(path), at: path) }
    if flags & O_TRUNC != 0 { try SimulatedDisk.note(.changed(path, from: 0), at: path) }
    return file
  }

  static func opening(_ path: String, _ flags: Int32) throws(EventLogError) -> File {
    guard let file = try openIfThere(path, flags) else {
      throw .system(ENOENT, "cannot open", path)
    }
    return file
  }

  /// Says of a failed system call what was being done.
  @inline(__always)
  private static func attempt<Value>(
    _ action: StaticString, _ body: () throws(SystemError) -> Value
  ) throws(EventLogError) -> Value {
    do throws(SystemError) { return try body() } catch {
      throw .system(error.code, "\(action)", error.path)
    }
  }

  // MARK: - Content

  func size() throws(EventLogError) -> Int {
    try Self.attempt("cannot examine") { () throws(SystemError) in try file.size() }
  }

  /// Milliseconds since 1970 at which the file was made, or last written where that is not known.
  func birthTime() throws(EventLogError) -> Int64 {
    try Self.attempt("cannot examine") { () throws(SystemError) in try file.birthTime() }
  }

  /// Reads until `count` bytes are there or the file ends.
  func read(into start: UnsafeMutableRawPointer, count: Int, at position: Int)
    throws(EventLogError) -> Int
  {
    try Self.attempt("cannot read") { () throws(SystemError) in
      try file.read(into: start, count: count, at: position)
    }
  }

  /// Writes all of `bytes`, in one call to the system unless that comes up short.
  /// - Parameter written: how many bytes are in the file, also where this throws.
  func write(_ bytes: UnsafeRawBufferPointer, at position: Int, written: inout Int)
    throws(EventLogError)
  {
    written = 0
    try SimulatedDisk.willChange(path)
    try SimulatedDisk.note(.changed(path, from: position), at: path)
    try Self.attempt("cannot write") { () throws(SystemError) in
      try file.write(bytes, at: position, written: &written)
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
    try Self.attempt("cannot shorten") { () throws(SystemError) in try file.truncate(to: size) }
  }

  /// Returns when the content is on the storage device.
  func sync() throws(EventLogError) { try sync { _ in false } }

  /// `sync`, asked for by somebody who only reads. A file system that is mounted read-only, or lets nobody
  /// sync what is open for reading, has been asked, and its refusal is no failure.
  func syncAsReader() throws(EventLogError) { try sync(unless: Self.isBeyondReaders) }

  private func sync(unless isNoFailure: (Int32) -> Bool) throws(EventLogError) {
    try SimulatedDisk.willChange(path)
    try SimulatedDisk.note(.synced(path), at: path)
    if SimulatedDisk.hasPath(path) { return }
    do throws(SystemError) { try file.syncContent() } catch {
      if isNoFailure(error.code) { return }
      throw .system(error.code, "cannot sync", path)
    }
  }

  private static func isBeyondReaders(_ code: Int32) -> Bool {
    code == EROFS || code == EINVAL || code == EBADF
  }

  /// Puts a file in place of whatever was there, in one step, once its content is on the storage device.
  /// That its name survives a power failure takes `syncDirectory`.
  /// - Parameter temporary: what it is called meanwhile, in the same directory.
  static func replace(_ path: String, with bytes: [UInt8], by temporary: String)
    throws(EventLogError)
  {
    let file = try opening(temporary, O_WRONLY | O_CREAT | O_TRUNC)
    do throws(EventLogError) {
      try file.write(bytes)
      try file.sync()
      try rename(temporary, to: path)
    } catch {
      try? remove(temporary)
      throw error
    }
  }

  // MARK: - Names

  static func exists(_ path: String) -> Bool { FileSystem.exists(path) }

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

  /// Does nothing where the file is not there.
  static func remove(_ path: String) throws(EventLogError) {
    try SimulatedDisk.willChange(path)
    guard unlink(path) == 0 || errno == ENOENT else { throw .system(errno, "cannot remove", path) }
    try SimulatedDisk.note(.removed(path), at: path)
  }

  /// Does nothing where the directory is not there.
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
    let parent = path.contains("/") ? FileSystem.parent(path) : "."
    if !exists(parent) { try makeDirectories(parent, 0o755) }
    guard try makeDirectory(path, mode) else { return }
    do throws(EventLogError) {
      try syncDirectory(parent)
    } catch  where access(parent, R_OK) != 0 {
      // A directory of another user's, which this process may write into but not open.
    }
  }

  /// Makes the names in a directory survive a power failure.
  static func syncDirectory(_ path: String) throws(EventLogError) {
    try syncDirectory(path) { _ in false }
  }

  /// `syncDirectory`, asked for by somebody who only reads; see `syncAsReader`.
  static func syncDirectoryAsReader(_ path: String) throws(EventLogError) {
    try syncDirectory(path, unless: isBeyondReaders)
  }

  private static func syncDirectory(_ path: String, unless isNoFailure: (Int32) -> Bool)
    throws(EventLogError)
  {
    try SimulatedDisk.willChange(path)
    try SimulatedDisk.note(.syncedDirectory(path), at: path)
    if SimulatedDisk.hasPath(path) { return }
    let directory = try opening(path, O_RDONLY | O_DIRECTORY)
    do throws(SystemError) { try directory.file.sync() } catch {
      if isNoFailure(error.code) { return }
      throw .system(error.code, "cannot sync", path)
    }
  }

  /// The names in a directory, without `.` and `..`, in no order; nil where it is not there.
  static func names(in path: String) throws(EventLogError) -> [String]? {
    do throws(SystemError) { return try FileSystem.names(in: path) } catch {
      if error.code == ENOENT || error.code == ENOTDIR { return nil }
      throw .system(error.code, "cannot list", path)
    }
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
      "\(action) \(path): \(SystemError.reason(code))\(advice)")
  }
}
