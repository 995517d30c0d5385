import Glibc
import Support

/// Moves a file of this machine, so that a crash at any moment leaves it in its old place, or whole in its new one, or in
/// both; the next try then ends the move. No file is ever replaced.
enum LocalArchive {
  private static let temporaryName = ".polyrhythm-moving"
  /// Bytes compared at a time.
  private static let blockBytes = 1 << 20

  /// Moves the file to `target`, or where another file has that name, to the first of `target.2`, `target.3`, … that is free. A file
  /// of that name with the same bytes counts as the moved one.
  /// - Returns: where the file is now.
  static func move(_ source: String, to target: String) throws(SystemError) -> String {
    try requireOtherPlace(source, target)
    var place = target
    var number = 1
    while try !put(source, place) {
      number += 1
      place = "\(target).\(number)"
    }
    try FileSystem.syncDirectory(FileSystem.parent(place))
    guard unlink(source) == 0 else { throw SystemError(errno, source) }
    try FileSystem.syncDirectory(FileSystem.parent(source))
    return place
  }

  /// An archive that is the directory of the file itself, by whatever name, would take the file's only name for its copy.
  private static func requireOtherPlace(_ source: String, _ target: String) throws(SystemError) {
    let (from, to) = (FileSystem.parent(source), FileSystem.parent(target))
    var (a, b) = (stat(), stat())
    guard stat(from, &a) == 0 else { throw SystemError(errno, from) }
    guard stat(to, &b) == 0 else { throw SystemError(errno, to) }
    if a.st_dev == b.st_dev, a.st_ino == b.st_ino { throw SystemError(EEXIST, target) }
  }

  /// - Returns: false where another file has the name.
  private static func put(_ source: String, _ place: String) throws(SystemError) -> Bool {
    if FileSystem.exists(place) { return try isSame(source, place) }
    // A second name for the file is given or not, and never to a name that is taken.
    if link(source, place) == 0 { return true }
    switch errno {
    case EEXIST: return false
    case EXDEV, EPERM, ENOTSUP, EMLINK, ENOSYS: break
    case let failure: throw SystemError(failure, place)
    }
    try copy(source, place)
    return true
  }

  private static func copy(_ source: String, _ place: String) throws(SystemError) {
    let temporary = "\(FileSystem.parent(place))/\(temporaryName)"
    unlink(temporary)
    let input = try OpenFile(source, O_RDONLY)
    let output = try OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL)
    var status = stat()
    guard fstat(input.descriptor, &status) == 0 else { throw SystemError(errno, source) }
    var position = 0
    while true {
      let bytes = try block(input, at: position)
      if bytes.isEmpty { break }
      try output.write(bytes)
      position += bytes.count
    }
    // As a move within a file system would leave them.
    _ = fchmod(output.descriptor, status.st_mode & 0o7777)
    _ = futimens(output.descriptor, [status.st_atim, status.st_mtim])
    try output.sync()
    guard rename(temporary, place) == 0 else { throw SystemError(errno, place) }
  }

  private static func block(_ file: OpenFile, at position: Int) throws(SystemError)
    -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0, count: blockBytes)
    var outcome = Result<Int, SystemError>.success(0)
    bytes.withUnsafeMutableBytes { buffer in
      guard let start = buffer.baseAddress else { return }
      let count = buffer.count
      outcome = Result { () throws(SystemError) in
        try file.read(into: start, count: count, at: position)
      }
    }
    bytes.removeLast(bytes.count - (try outcome.get()))
    return bytes
  }

  private static func isSame(_ a: String, _ b: String) throws(SystemError) -> Bool {
    // A link in the archive may lead to the very file that is to move.
    guard try FileSystem.kind(of: b, followsLinks: false) == .file,
      FileSystem.size(a) == FileSystem.size(b)
    else { return false }
    let (first, second) = (try OpenFile(a, O_RDONLY), try OpenFile(b, O_RDONLY))
    var position = 0
    while true {
      let bytes = try block(first, at: position)
      guard try bytes == block(second, at: position) else { return false }
      if bytes.isEmpty { return true }
      position += bytes.count
    }
  }
}
