import Foundation
import TestKit
import Testing
import Warehouse

/// An answer that is larger than what the server may take of memory.
@Suite struct LargeAnswerTests {
  private static let rows = 500_000

  /// Kilobytes of memory that a process has.
  private func memory(of process: pid_t) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return Int(line.filter(\.isNumber)) ?? 0
  }

  @Test func halfAMillionRowsAreSentInAFlatMemory() throws {
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      try database.connect().script(
        """
        insert into warehouse.dim_song (song_key, artist, title)
          select n, 'artist ' || n % 50, 'title ' || n from generate_series(1, 500) as n;
        insert into speed.minute_song (epoch, minute, song_key, listens)
          select 2, timestamptz '2026-11-20 00:00Z' + n / 500 * interval '1 minute', n % 500 + 1, n + 1
          from generate_series(0, \(Self.rows - 1)) as n
        """)
      try database.connect().script("analyze")
      let serve = try box.start(["serve", "--database", database.url, "--listen", "127.0.0.1:0"])
      var address: Substring?
      try #require(
        eventually(within: 60) {
          address = serve.errorsSoFar.firstMatch(of: /serving http:\/\/(\S+)/)?.1
          return address != nil || !serve.isRunning
        })
      let server = try #require(address, "\(serve.errorsSoFar)")
      func fetch(_ question: String, into file: String) throws -> Process {
        let curl = Process()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        curl.arguments = [
          "curl", "--silent", "--show-error", "--fail-with-body", "--output", file,
          "http://\(server)/api/v1/query?\(question)",
        ]
        try curl.run()
        return curl
      }
      let question =
        "metrics=listens&by=song&granularity=minute&from=2026-11-20&to=2026-11-22&format=csv"
      // What the program takes for its first answers is not of the size of this one.
      try fetch(question + "&limit=2000", into: box.path("first.csv")).waitUntilExit()
      let before = try memory(of: serve.processID)
      let curl = try fetch(question + "&limit=all", into: box.path("all.csv"))
      var most = before
      while curl.isRunning {
        most = max(most, try memory(of: serve.processID))
        usleep(20_000)
      }
      let isWhole = curl.terminationStatus == 0
      try #require(isWhole, "\(serve.errorsSoFar)")
      let text = try String(contentsOfFile: box.path("all.csv"), encoding: .utf8)
      let lines = text.utf8.split(separator: UInt8(ascii: "\n"))
      #expect(lines.count == Self.rows + 1)
      let listens = lines.dropFirst().reduce(0) { sum, line in
        sum
          + (Int(String(decoding: line.split(separator: UInt8(ascii: ","))[3], as: UTF8.self)) ?? 0)
      }
      #expect(listens == Self.rows * (Self.rows + 1) / 2)
      print(
        "\(text.utf8.count / 1_000_000) MB by \((most - before) / 1024) MiB more than \(before / 1024)"
      )
      #expect(most - before < 30_000, "\(most - before) kB more, for \(text.utf8.count) bytes")
    }
  }
}
