import Foundation
import Glibc
import Support
import Testing

/// Held against Foundation's FileManager and `stat`.
@Suite struct FileSystemTests {
  private let files = FileManager.default

  @Test func kindsAreTold() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path
    try put("12345", "\(path)/file")
    try files.createSymbolicLink(atPath: "\(path)/link", withDestinationPath: "file")
    try files.createSymbolicLink(atPath: "\(path)/nowhere", withDestinationPath: "gone")
    #expect(try FileSystem.kind(of: path) == .directory)
    #expect(try FileSystem.kind(of: "\(path)/file") == .file)
    #expect(try FileSystem.kind(of: "\(path)/link") == .file)
    #expect(try FileSystem.kind(of: "\(path)/link", followsLinks: false) == .symbolicLink)
    #expect(try FileSystem.kind(of: "/dev/null") == .special)
    #expect(
      throws: SystemError(ENOENT, "\(path)/nowhere"),
      performing: { try FileSystem.kind(of: "\(path)/nowhere") })
    #expect(FileSystem.isDirectory(path) && !FileSystem.isDirectory("\(path)/file"))
    #expect(FileSystem.isFile("\(path)/link") && !FileSystem.isFile("/dev/null"))
    #expect(FileSystem.isSymbolicLink("\(path)/nowhere"))
    #expect(!FileSystem.isSymbolicLink("\(path)/file"))
    #expect(FileSystem.exists("\(path)/file") && !FileSystem.exists("\(path)/nowhere"))
    #expect(FileSystem.size("\(path)/file") == 5 && FileSystem.size("\(path)/gone") == 0)
    #expect(FileSystem.sortedNames(in: path) == ["file", "link", "nowhere"])
    #expect(try FileSystem.names(in: path).count == 3)
    #expect(FileSystem.sortedNames(in: "\(path)/gone") == [])
    #expect(FileSystem.text("\(path)/file", from: 3) == "45")
    #expect(FileSystem.text("\(path)/gone") == nil && FileSystem.text(path) == nil)
  }

  @Test func directoriesAreMadeFromTheTopAndThoseThereAreLeftAlone() throws {
    let scratch = try ScratchDirectory()
    let path = "\(scratch.path)/a//b/c/"
    let expected = ["a", "a/b", "a/b/c"].map { "\(scratch.path)/\($0)" }
    #expect(try FileSystem.makeDirectories(path, mode: 0o750) == expected)
    #expect(try FileSystem.makeDirectories(path) == [])
    #expect(try said("stat", "-c", "%a", path) == "750")
    try put("", "\(scratch.path)/file")
    #expect(try FileSystem.makeDirectories("\(scratch.path)/file") == [])
    #expect(
      throws: SystemError(ENOTDIR, "\(scratch.path)/file/below"),
      performing: { try FileSystem.makeDirectories("\(scratch.path)/file/below/that") })
    try FileSystem.syncDirectory(path)
  }

  @Test func aFileIsReplacedAsAWhole() throws {
    let scratch = try ScratchDirectory()
    let path = "\(scratch.path)/file"
    try put("old", path)
    // Left by a process that died.
    try put("half", "\(path).new")
    try FileSystem.replace(path, with: Array("new".utf8), by: "\(path).new", mode: 0o640)
    #expect(files.contents(atPath: path) == Data("new".utf8))
    #expect(try said("stat", "-c", "%a", path) == "640")
    #expect(FileSystem.sortedNames(in: scratch.path) == ["file"])
    let gone = "\(scratch.path)/gone/file"
    #expect(
      throws: SystemError(ENOENT, "\(gone).new"),
      performing: { try FileSystem.replace(gone, with: [1], by: "\(gone).new") })
    try FileSystem.makeDirectories("\(scratch.path)/full/of")
    let full = "\(scratch.path)/full"
    #expect(
      throws: SystemError(EISDIR, full),
      performing: { try FileSystem.replace(full, with: [1], by: "\(full).new") })
  }

  @Test func pathsAreThoseOfTheShell() throws {
    #expect(FileSystem.currentDirectory == (try said("pwd", "-P")))
    #expect(FileSystem.realPath("/proc/self/cwd") == FileSystem.currentDirectory)
    #expect(FileSystem.realPath("/nonexistent") == nil)
    #expect(FileSystem.absolute("a/./b/") == FileSystem.currentDirectory + "/a/b")
    #expect(FileSystem.absolute("/a//b/.") == "/a/b")
    for path in ["/a/b/c", "/a", "/"] {
      #expect(FileSystem.parent(path) == (try said("dirname", path)))
    }
  }

  @Test func theProgramsOwnFilesAreFoundFromTheSourceTree() {
    let found = ProgramFiles.find(
      variable: "POLYRHYTHM_NO_SUCH", inTree: "warehouse-sql", installed: "none",
      marker: "migrations")
    #expect(found.map { FileSystem.isDirectory("\($0)/migrations") } == true)
    #expect(
      ProgramFiles.find(variable: "HOME", inTree: "", installed: "", marker: "")
        == ProcessInfo.processInfo.environment["HOME"])
    #expect(
      ProgramFiles.find(
        variable: "POLYRHYTHM_NO_SUCH", inTree: "no such", installed: "none", marker: "x") == nil)
  }
}
