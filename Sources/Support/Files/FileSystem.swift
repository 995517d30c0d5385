import Glibc

/// What is said and done about files by their names.
public enum FileSystem {
  /// What a name stands for.
  public enum Kind: Sendable {
    /// What most names stand for; a link is told apart only where links are not followed.
    case file, directory, symbolicLink
    /// A pipe, a socket, a device.
    case special
  }

  // MARK: - What is there

  /// Whether there is anything of that name; false also for a link that leads nowhere.
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// - Parameter followsLinks: tell of what a symbolic link leads to, and not of the link.
  /// - Throws: where there is nothing, or nobody may know.
  public static func kind(of path: String, followsLinks: Bool = true) throws(SystemError) -> Kind {
    var status = stat()
    guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else {
      throw SystemError(errno, path)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    case S_IFLNK: return .symbolicLink
    default: return .special
    }
  }

  /// Links to a directory are one too.
  public static func isDirectory(_ path: String) -> Bool {
    (try? kind(of: path)) == .directory
  }

  /// Something that can be read more than once; links to a file are one too.
  public static func isFile(_ path: String) -> Bool { (try? kind(of: path)) == .file }

  /// Whether the name itself is a link, wherever that leads.
  public static func isSymbolicLink(_ path: String) -> Bool {
    (try? kind(of: path, followsLinks: false)) == .symbolicLink
  }

  /// Bytes of a file; 0 where there is none.
  public static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Tells one content of a file from a later one: inode, size and time of the last change of content, as text. Nil where there is no
  /// file that can be read twice.
  public static func stamp(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return "\(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
  }

  /// The names in a directory, without `.` and `..`, in no order.
  public static func names(in path: String) throws(SystemError) -> [String] {
    guard let directory = opendir(path) else { throw SystemError(errno, path) }
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

  /// The names in a directory, sorted; none where it cannot be read.
  public static func sortedNames(in path: String) -> [String] {
    (try? names(in: path))?.sorted() ?? []
  }

  // MARK: - Content

  /// The file from byte `offset` on.
  public static func read(_ path: String, from offset: Int = 0) throws(SystemError) -> [UInt8] {
    try OpenFile(path, O_RDONLY).readAll(from: offset)
  }

  /// The same as text, bytes that are no UTF-8 replaced; nil where it cannot be read.
  public static func text(_ path: String, from offset: Int = 0) -> String? {
    (try? read(path, from: offset)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Puts a file in place of whatever was there, in one step, once it is on the storage device: nobody
  /// sees half of it. That its name survives a power failure takes `syncDirectory`.
  /// - Parameters:
  ///   - temporary: what it is called meanwhile, in the same directory; what is there of that name goes.
  ///   - mode: less the process's umask.
  ///   - owner: who gets it, where this process may give it away.
  /// - Throws: with `temporary` as its path where the content could not be written, else with `path`.
  public static func replace(
    _ path: String, with bytes: [UInt8], by temporary: String, mode: mode_t = 0o666,
    owner: (user: uid_t, group: gid_t)? = nil
  ) throws(SystemError) {
    unlink(temporary)
    let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
    try file.write(bytes)
    if let owner, fchown(file.descriptor, owner.user, owner.group) != 0, geteuid() == 0 {
      throw SystemError(errno, path)
    }
    guard fsync(file.descriptor) == 0, rename(temporary, path) == 0 else {
      throw SystemError(errno, path)
    }
  }

  // MARK: - Directories

  /// Makes the directory and those above it, where they are missing. Something of that name that is no
  /// directory is left alone, and this does not say so.
  /// - Parameter mode: of those that are made, less the process's umask.
  /// - Returns: the paths of those that were made, from the top.
  /// - Throws: with the one that cannot be made as its path.
  @discardableResult
  public static func makeDirectories(_ path: String, mode: mode_t = 0o777) throws(SystemError)
    -> [String]
  {
    var made: [String] = []
    var place = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      place += place.isEmpty || place.hasSuffix("/") ? String(part) : "/\(part)"
      if mkdir(place, mode) == 0 {
        made.append(place)
      } else if errno != EEXIST, errno != EISDIR {
        throw SystemError(errno, place)
      }
    }
    return made
  }

  /// Returns when the names in a directory survive a power failure.
  public static func syncDirectory(_ path: String) throws(SystemError) {
    try OpenFile(path, O_RDONLY | O_DIRECTORY).sync()
  }

  // MARK: - Paths

  /// Links resolved; nil where there is nothing.
  public static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Where the process works, links resolved.
  public static var currentDirectory: String { realPath(".") ?? "/" }

  /// `path` from the root, without links being resolved, without `.` and a trailing slash.
  public static func absolute(_ path: String) -> String {
    let full = path.hasPrefix("/") ? path : currentDirectory + "/" + path
    return "/" + full.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  /// The directory that an absolute path lies in; `/` for `/` itself.
  public static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }
}
