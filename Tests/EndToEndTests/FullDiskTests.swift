import Foundation
import Glibc
import TestKit
import Testing
import Warehouse

/// A disk that fills up: one line, nothing lost, and all goes on once there is room.
@Suite struct FullDiskTests {
  @Test(.enabled(if: geteuid() == 0, "mounting a small disk takes root"))
  func aFullDiskIsSaidAndCostsNoEvent() throws {
    try withSandbox { box in
      let files = try box.generate("files", users: 60, from: "2026-01-01", to: "2026-01-08")
      let expected = try LogFiles(files).count()
      try FileManager.default.createDirectory(
        atPath: box.data, withIntermediateDirectories: false)
      try #require(shell("mount -t tmpfs -o size=320m,mode=755 tmpfs '\(box.data)'") == 0)
      defer {
        // The server first: it holds the disk.
        try? PrivateCluster(directory: "\(box.data)/postgres").stop(.immediate)
        _ = shell("umount -l '\(box.data)'")
      }
      let place = ["--data", box.data]
      let ballast = "\(box.data)/ballast"
      func fill(leaving kibibytes: Int) throws {
        _ = shell("cat /dev/zero > '\(ballast)' 2>/dev/null")
        let size = try #require(
          FileManager.default.attributesOfItem(atPath: ballast)[.size] as? Int)
        truncate(ballast, size - kibibytes * 1024)
      }

      try fill(leaving: 1024)
      try box.fail(["import", files] + place, 74, saying: ["No space left on device"])
      try fill(leaving: 1024)
      let made = try box.fail(["speed", "--until-caught-up"] + place, 69)
      #expect(made.errors.contains("No space left on device"), "\(made)")
      unlink(ballast)
      try box.succeed(["import", files] + place)
      try box.succeed(["speed", "--until-caught-up"] + place)
      #expect(try box.distinctLines(of: box.log) == expected)
      #expect(try LogFiles(box.log).count() == expected, "no record came again")
      let before = try box.sums(place)
      #expect(before == expected)

      // Nothing of a load that the disk has no room for is seen.
      try fill(leaving: 1024)
      let load = try box.run(["load", "full"] + place)
      #expect(load.status != 0)
      #expect(load.errorLines.count == 1 && load.errors.hasPrefix("polyrhythm: "), "\(load)")
      unlink(ballast)
      #expect(try box.sums(place) == before, "after a load without room")
      try box.succeed(["load", "full"] + place)
      #expect(try box.sums(place) == expected, "after the load")

      // Nor of a speed layer.
      let more = try box.generate(
        "more", users: 60, from: "2026-01-08", to: "2026-01-12", firstUser: 5000)
      try box.succeed(["import", more] + place)
      try fill(leaving: 512)
      let speed = try box.run(["speed", "--until-caught-up"] + place)
      #expect(speed.status != 0, "\(speed)")
      #expect(
        speed.errorLines.filter { $0.hasPrefix("polyrhythm: ") }.count == 1, "\(speed)")
      unlink(ballast)
      let all = expected + (try LogFiles(more).count())
      try box.succeed(["speed", "--until-caught-up"] + place)
      #expect(try box.sums(place) == all, "speed layer")
      try box.succeed(["load", "incremental"] + place)
      #expect(try box.sums(place) == all, "after the incremental load")
      #expect(try box.succeed(["check"] + place).output.contains(" 0 broken"))
    }
  }

  private func shell(_ command: String) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    guard (try? process.run()) != nil else { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
