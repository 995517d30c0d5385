import Foundation
import Glibc
import Support
import Testing

@Suite struct OpenFileTests {
  @Test func whatIsWrittenIsWhatFoundationReads() throws {
    let scratch = try ScratchDirectory()
    let path = "\(scratch.path)/file"
    let file = try OpenFile(path, O_RDWR | O_CREAT)
    try file.write(Array("one ".utf8))
    try file.write(Array("two ".utf8))
    var written = 0
    try Array("2".utf8).withUnsafeBytes { try file.write($0, at: 4, written: &written) }
    #expect(written == 1)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "one 2wo ")
    #expect(try file.size() == 8)
    #expect(try file.readAll(from: 4) == Array("2wo ".utf8))
    var bytes = [UInt8](repeating: 0, count: 10)
    #expect(try file.read(into: &bytes, count: 10, at: 5) == 3)
    #expect(bytes.prefix(3) == Array("wo ".utf8)[...])
    try file.truncate(to: 3)
    try file.sync()
    try file.syncContent()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "one")
  }

  /// Larger than what the system takes or gives at once.
  @Test func whatIsLargeGoesInPieces() throws {
    let file = try OpenFile.unnamed(in: "/tmp")
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try file.write(bytes)
    #expect(try file.readAll() == bytes)
    #expect(try FileSystem.read("/proc/self/cmdline").isEmpty == false)
  }

  @Test func aRefusalNamesTheFileAndSaysWhatTheSystemSays() throws {
    let path = "/nonexistent/file"
    let error = try #require(throws: SystemError.self) { try OpenFile(path, O_RDONLY) }
    #expect(error == SystemError(ENOENT, path))
    #expect(error.reason == "No such file or directory")
    let full = try #require(throws: SystemError.self) {
      try OpenFile("/dev/full", O_WRONLY).write([1])
    }
    #expect(full == SystemError(ENOSPC, "/dev/full"))
  }

  @Test func itIsClosedWithItsLastReferenceAndNoChildHasIt() throws {
    var file: OpenFile? = try OpenFile("/dev/null", O_RDONLY)
    let descriptor = try #require(file?.descriptor)
    #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
    let link = "/proc/self/fd/\(descriptor)"
    #expect(FileSystem.realPath(link) == "/dev/null")
    file = nil
    #expect(FileSystem.realPath(link) != "/dev/null")
  }

  @Test func aLockIsWaitedForNoLongerThanAsked() throws {
    let scratch = try ScratchDirectory()
    let path = "\(scratch.path)/lock"
    let one = try OpenFile(path, O_RDWR | O_CREAT)
    let other = try OpenFile(path, O_RDWR)
    #expect(FileLocking.take(LOCK_EX, of: one.descriptor, waitingAtMost: 0) == 0)
    #expect(FileLocking.take(LOCK_SH, of: other.descriptor, waitingAtMost: 0.02) == EWOULDBLOCK)
    // flock(1) sees it too.
    #expect(try said("sh", "-c", "flock -n '\(path)' true; echo $?") == "1")
    flock(one.descriptor, LOCK_UN)
    #expect(FileLocking.take(LOCK_SH, of: other.descriptor, waitingAtMost: 0) == 0)
    #expect(FileLocking.take(LOCK_SH, of: -1, waitingAtMost: 0) == EBADF)
  }
}
