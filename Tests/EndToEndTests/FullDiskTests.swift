import Foundation
import Glibc
import TestKit
import Testing
import Warehouse

/// A disk fills up: commands say so on one line, no event is lost, and all goes on once there is room.
@Suite struct FullDiskTests {
  @Test func aFullDiskIsSaidAndCostsNoEvent() throws {
    try withSandbox { box in
      let files = try box.generate("files", users: 60, from: "2026-01-01", to: "2026-01-08")
      let expected = try LogFiles(files).count()
      let disk = try SmallDisk(for: box)
      let place = ["--data", box.data]
      disk.fill(leaving: 1024)
      try box.fail(["import", files] + place, 74, saying: ["No space left on device"])
      disk.fill(leaving: 1024)
      let made = try box.fail(["speed", "--until-caught-up"] + place, 69)
      #expect(made.errors.contains("No space left on device"), "\(made)")
      disk.makeRoom()
      try box.succeed(["import", files] + place)
      try box.succeed(["speed", "--until-caught-up"] + place)
      #expect(try box.distinctLines(of: box.log) == expected)
      #expect(try LogFiles(box.log).count() == expected, "no record came again")
      let before = try box.sums(place)
      #expect(before == expected)

      // A load for which the disk has no room changes nothing that readers see.
      disk.fill(leaving: 1024)
      let load = try box.run(["load", "full"] + place)
      #expect(load.status == 74, "\(load)")
      #expect(load.errorLines.count == 1 && load.errors.hasPrefix("polyrhythm: "), "\(load)")
      disk.makeRoom()
      #expect(try box.sums(place) == before, "after a load without room")
      try box.succeed(["load", "full"] + place)
      #expect(try box.sums(place) == expected, "after the load")

      // Nor does a speed layer without room.
      let more = try box.generate(
        "more", users: 60, from: "2026-01-08", to: "2026-01-12", firstUser: 5000)
      try box.succeed(["import", more] + place)
      disk.fill(leaving: 512)
      let speed = try box.run(["speed", "--until-caught-up"] + place)
      #expect(speed.status == 74, "\(speed)")
      #expect(
        speed.errorLines.filter { $0.hasPrefix("polyrhythm: ") }.count == 1, "\(speed)")
      disk.makeRoom()
      let all = expected + (try LogFiles(more).count())
      try box.succeed(["speed", "--until-caught-up"] + place)
      #expect(try box.sums(place) == all, "speed layer")
      try box.succeed(["load", "incremental"] + place)
      #expect(try box.sums(place) == all, "after the incremental load")
      #expect(try box.succeed(["check"] + place).output.contains(" 0 broken"))
    }
  }
}

/// A disk with little room under a sandbox's data directory, for the program and its PostgreSQL alike. It
/// needs no mount, and so no rights: `Tests/SmallDisk/smalldisk.c` is preloaded into both.
private final class SmallDisk {
  /// The number of free bytes, in memory that is shared with the processes.
  private let room: UnsafeMutablePointer<Int64>

  init(for box: Sandbox) throws {
    let library = box.path("smalldisk.so")
    let source = "\(Program.packageRoot)/Tests/SmallDisk/smalldisk.c"
    // The toolchain's clang builds this package's C too.
    let compile =
      "$(command -v clang || echo cc) -O1 -shared -fPIC -o '\(library)' '\(source)' -ldl"
    try #require(Self.shell(compile) == 0, "\(compile)")
    let counter = try box.write("free", Data(count: 8))
    try #require(chmod(counter, 0o666) == 0)
    let file = open(counter, O_RDWR)
    defer { close(file) }
    let page = mmap(nil, 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
    room = try #require(page == MAP_FAILED ? nil : page).assumingMemoryBound(to: Int64.self)
    makeRoom()
    let variables = [
      "LD_PRELOAD": library, "SMALL_DISK_ROOT": box.data, "SMALL_DISK_FREE": counter,
    ]
    // The program starts the server with a clean environment, so wrappers of the server's programs set the
    // variables.
    let server = try #require(Self.serverDirectory())
    let words = variables.map { "\($0.key)='\($0.value)'" }.sorted().joined(separator: " ")
    for name in ["initdb", "pg_ctl", "postgres"] {
      let script = try box.write(
        "bin/\(name)", "#!/bin/sh\nexec env \(words) '\(server)/\(name)' \"$@\"\n")
      try #require(chmod(script, 0o755) == 0)
    }
    box.environment = variables.merging(["POLYRHYTHM_PG_BIN": box.path("bin")]) { $1 }
  }

  deinit { munmap(room, 8) }

  func fill(leaving kibibytes: Int64) { room.pointee = kibibytes * 1024 }

  func makeRoom() { room.pointee = -1 }

  /// The directory of the newest installed server.
  private static func serverDirectory() -> String? {
    let root = "/usr/lib/postgresql"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return names.max { (Int($0) ?? 0) < (Int($1) ?? 0) }.map { "\(root)/\($0)/bin" }
  }

  private static func shell(_ command: String) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    guard (try? process.run()) != nil else { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
