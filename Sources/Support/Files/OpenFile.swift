import CPlatform
import Glibc

/// An open file or directory of the operating system; closed when the last reference goes. Calls that a
/// signal interrupts go on. No program that this process starts inherits it.
public final class OpenFile: Sendable {
  /// For system calls that are not here; valid as long as this object is.
  public let descriptor: Int32
  /// As it was opened; for messages.
  public let path: String

  /// - Parameters:
  ///   - flags: of `open(2)`; `O_CLOEXEC` is added.
  ///   - mode: of a file that is made here, less the process's umask.
  public convenience init(_ path: String, _ flags: Int32, mode: mode_t = 0o600)
    throws(SystemError)
  {
    while true {
      let descriptor = open(path, flags | O_CLOEXEC, mode)
      if descriptor >= 0 {
        self.init(descriptor: descriptor, path: path)
        return
      }
      if errno != EINTR { throw SystemError(errno, path) }
    }
  }

  private init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// A new file for reading and writing that has no name any more, and so goes with this object.
  /// - Parameter directory: where it takes its space.
  public static func unnamed(in directory: String) throws(SystemError) -> OpenFile {
    var template = Array("\(directory)/polyrhythm-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw SystemError(errno, directory) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(template)
    return OpenFile(descriptor: descriptor, path: directory)
  }

  /// Bytes in the file.
  public func size() throws(SystemError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError(errno, path) }
    return Int(status.st_size)
  }

  /// Milliseconds since 1970 at which the file was made; at which it was last written, where the file system does not
  /// keep the former.
  public func birthTime() throws(SystemError) -> Int64 {
    let made = polyrhythm_birth_time(descriptor)
    if made >= 0 { return made }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError(errno, path) }
    return Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
  }

  // MARK: - Reading

  /// Reads until `count` bytes are there or the file ends.
  /// - Parameters:
  ///   - start: has room for `count` bytes.
  ///   - position: in bytes from the file's beginning.
  /// - Returns: the bytes read; fewer than `count` at the end of the file.
  public func read(into start: UnsafeMutableRawPointer, count: Int, at position: Int)
    throws(SystemError) -> Int
  {
    var done = 0
    while done < count {
      let got = pread(descriptor, start + done, count - done, off_t(position + done))
      if got == 0 { break }
      if got < 0 {
        if errno == EINTR { continue }
        throw SystemError(errno, path)
      }
      done += got
    }
    return done
  }

  /// All bytes from `position` on. What has no size beforehand, as the files of `/proc`, is read to its
  /// end too.
  public func readAll(from position: Int = 0) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let got = pread(descriptor, &block, block.count, off_t(position + bytes.count))
      if got < 0 {
        if errno == EINTR { continue }
        throw SystemError(errno, path)
      }
      if got == 0 { return bytes }
      bytes += block[..<got]
    }
  }

  // MARK: - Writing

  /// Writes all of `bytes`, in one call to the system unless that comes up short.
  /// - Parameters:
  ///   - position: in bytes from the file's beginning.
  ///   - written: how many bytes are in the file, also where this throws.
  public func write(_ bytes: UnsafeRawBufferPointer, at position: Int, written: inout Int)
    throws(SystemError)
  {
    written = 0
    while written < bytes.count {
      let put = pwrite(
        descriptor, bytes.baseAddress! + written, bytes.count - written,
        off_t(position + written))
      if put < 0 {
        if errno == EINTR { continue }
        throw SystemError(errno, path)
      }
      written += put
    }
  }

  /// Writes all of `bytes` where the last write ended.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    try Self.write(bytes, to: descriptor, path: path)
  }

  /// Writes all of `bytes` where the last write ended.
  public func write(_ bytes: [UInt8]) throws(SystemError) {
    try bytes.withUnsafeBufferPointer { bytes throws(SystemError) in
      try write(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Writes all of `bytes` to what is open already, such as standard output.
  /// - Parameter path: what it is, for the error.
  public static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String)
    throws(SystemError)
  {
    var done = 0
    while done < bytes.count {
      let put = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if put < 0, errno == EINTR { continue }
      guard put > 0 else { throw SystemError(errno, path) }
      done += put
    }
  }

  /// Cuts the file, or lengthens it with zeros, to `size` bytes.
  public func truncate(to size: Int) throws(SystemError) {
    while ftruncate(descriptor, off_t(size)) != 0 {
      if errno != EINTR { throw SystemError(errno, path) }
    }
  }

  /// Returns when the content is on the storage device; its times and owner may not be.
  public func syncContent() throws(SystemError) {
    guard fdatasync(descriptor) == 0 else { throw SystemError(errno, path) }
  }

  /// Returns when the file is on the storage device with all that belongs to it; of a directory, the
  /// names in it.
  public func sync() throws(SystemError) {
    guard fsync(descriptor) == 0 else { throw SystemError(errno, path) }
  }
}
