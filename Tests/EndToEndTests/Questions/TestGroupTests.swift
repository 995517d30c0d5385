import Foundation
import TestKit
import Testing

/// `ask test-groups`: means, shares and their intervals, against a count of the log's own lines.
@Suite struct TestGroupTests {
  @Test func groupsHaveTheirMeansAndSharesWithNinetyFivePercentIntervals() throws {
    try withSandbox { box in
      let database = try box.makeDatabase()
      let files = try box.generate(
        "a", users: 300, from: "2026-01-05", to: "2026-01-12", flags: ["--groups", "A=2,B=1"])
      // Somebody who has been in both groups is in neither.
      let both = try #require(
        try LineEvent.all(in: files).first { $0.user != nil && $0.tag == "A" })
      let listen = Self.listen(of: try #require(both.user))
      let moved = try box.write("listen_events-moved.ndjson", listen + "\n")
      let log = ["--log", "dir:\(box.log)"]
      try box.succeed(["import", files] + log)
      try box.succeed(["import", moved] + log)
      try box.succeed(["load", "full", "--lake", box.log, "--database", database.url])
      let outcome = try box.succeed([
        "ask", "test-groups", "--by", "week", "--from", "2026-01-05", "--to", "2026-01-12", "--csv",
        "--database", database.url,
      ])
      let rows = try AnswerRows(csv: outcome.output).rows
      #expect(rows.map { $0["tag"] } == ["A", "B"])
      let events = try LineEvent.all(in: files).filter { $0.user != nil && $0.user != both.user }
      for row in rows {
        let tag = try #require(row["tag"])
        let byUser = Dictionary(grouping: events.filter { $0.tag == tag }) { $0.user ?? 0 }
        #expect(row["users"] == "\(byUser.count)")
        let songs = byUser.values.map { Double($0.count { $0.kind == .listen }) }
        let mean = songs.reduce(0, +) / Double(songs.count)
        let variance =
          songs.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(songs.count - 1)
        let margin = 1.96 * (variance / Double(songs.count)).squareRoot()
        try expect(row, "songs_per_user", mean, 0.006)
        try expect(row, "songs_low", mean - margin, 0.006)
        try expect(row, "songs_high", mean + margin, 0.006)
        let free = byUser.values.filter { $0.contains { $0.level == "free" } }
        let upgraded = free.count { events in
          let levels = events.sorted { $0.time < $1.time }.map(\.level)
          return zip(levels, levels.dropFirst()).contains { $0 == "free" && $1 == "paid" }
        }
        #expect(row["free_users"] == "\(free.count)")
        #expect(row["upgrades"] == "\(upgraded)")
        let (n, share) = (Double(free.count), Double(upgraded) / Double(free.count))
        // Wilson (1927), doi:10.1080/01621459.1927.10502953.
        let z = 1.96
        let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
        let half =
          z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        try expect(row, "upgrade_rate", share, 0.00006)
        try expect(row, "upgrade_low", centre - half, 0.00006)
        try expect(row, "upgrade_high", centre + half, 0.00006)
      }
    }
  }

  private func expect(_ row: [String: String], _ column: String, _ value: Double, _ error: Double)
    throws
  {
    let found = try #require(row[column].flatMap(Double.init), "\(column)")
    #expect(abs(found - value) <= error, "\(column) of \(row["tag"] ?? "")")
  }

  private static func listen(of user: Int64) -> String {
    """
    {"ts":1767700000000,"sessionId":999999,"itemInSession":0,"level":"free","userId":\(user),"tag":"B",\
    "auth":"Logged In","artist":"x","song":"y","duration":100}
    """
  }
}
