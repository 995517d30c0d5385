import EventLog
import EventModel
import Foundation
import TestKit
import Testing

@testable import EventSources

/// Files as the classic eventsim writes them, one a day.
@Suite struct ClassicFilesTests {
  private struct Line {
    var page: String
    var isSignedIn = true
    var song = false
    var status = 200
  }

  /// A line with every field, null where it has no value, as in the logs of classic eventsim that people have.
  private func json(_ line: Line, day: Int, item: Int) -> String {
    let ts = 1_541_030_400_000 + day * 86_400_000 + item * 1000
    let who =
      line.isSignedIn
      ? #""firstName":"Zoë","lastName":"Bär","gender":"F","registration":1540869757796.0,"#
        + #""location":"Janesville-Beloit, WI","userAgent":"\"Mozilla\/5.0\"","userId":"15""#
      : #""firstName":null,"lastName":null,"gender":null,"registration":null,"location":null,"#
        + #""userAgent":null,"userId":"""#
    let music =
      line.song
      ? #""artist":"Hoobastank","song":"Say The Same","length":176.43057"#
      : #""artist":null,"song":null,"length":null"#
    return #"{\#(music),"auth":"\#(line.isSignedIn ? "Logged In" : "Logged Out")","#
      + #""itemInSession":\#(item),"level":"free","method":"PUT","page":"\#(line.page)","#
      + #""sessionId":\#(100 + day),"status":\#(line.status),"ts":\#(ts),\#(who)}"#
  }

  private static let signedOut = [
    Line(page: "Login", isSignedIn: false, status: 307), Line(page: "Home", isSignedIn: false),
    Line(page: "Login", isSignedIn: false, status: 404), Line(page: "About", isSignedIn: false),
    Line(page: "Help", isSignedIn: false),
  ]
  private static let signedIn = [
    Line(page: "NextSong", song: true), Line(page: "Home"), Line(page: "Settings"),
    Line(page: "Thumbs Up", song: true), Line(page: "NextSong", song: true), Line(page: "Logout"),
    Line(page: "Login", status: 307), Line(page: "Error", status: 404), Line(page: "NextSong"),
  ]

  @Test(arguments: ["auto", "eventsim"])
  func everySongIsAListenAndEveryLoginAnAuthEventWhateverTheFirstLineIs(_ format: String) throws {
    let folder = try Folder()
    let log = try folder.log
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/data", withIntermediateDirectories: true)
    var written: [Line] = []
    let all = Self.signedOut + Self.signedIn
    for day in 0..<30 {
      // Each day begins with another kind of line.
      let first = day % all.count
      let lines = Array(all[first...] + all[..<first]) + Self.signedIn
      written += lines
      let text = lines.enumerated().map { json($1, day: day, item: $0) }.joined(separator: "\n")
      let number = day < 9 ? "0\(day + 1)" : "\(day + 1)"
      try folder.write("data/2018-11-\(number)-events.json", text)
    }
    let known = try #require(ImportFormat(rawValue: format))
    let summary = try runImport(["\(folder.path)/data"], into: log, .test(format: known))
    #expect(summary.files == 30 && summary.rows == written.count && summary.broken == 0)
    let listens = try records(log, .listen)
    #expect(listens.count == written.count { $0.page == "NextSong" })
    #expect(try records(log, .auth).count == written.count { $0.page == "Login" })
    let views = try records(log, .pageView)
    #expect(views.count == written.count)
    for page in Set(written.map(\.page)) {
      #expect(views.count { $0["page"] == page } == written.count { $0.page == page }, "\(page)")
    }
    #expect(Set(listens.map(\.identity)).isSubset(of: Set(views.map(\.identity))))
    let failed = try records(log, .auth).count { $0.json["success"] as? Bool == false }
    #expect(failed == written.count { $0.page == "Login" && $0.status == 404 })
  }

  @Test func linesOfTheThreeTopicsAndOfTheClassicStreamMayStandInOneFile() throws {
    let folder = try Folder()
    let log = try folder.log
    let listen =
      #"{"ts":1541030400000,"sessionId":1,"itemInSession":1,"userId":1,"artist":"A","song":"S","duration":2.5}"#
    let login =
      #"{"ts":1541030400000,"sessionId":1,"itemInSession":0,"userId":1,"success":true}"#
    let view =
      #"{"ts":1541030400000,"sessionId":1,"itemInSession":1,"userId":1,"page":"NextSong","city":"Graz","extra":1}"#
    let lines = [
      json(Self.signedOut[0], day: 0, item: 0), login, view, listen,
      json(Self.signedIn[0], day: 0, item: 1), "no event",
    ]
    let path = try folder.write("mixed.json", lines.joined(separator: "\n"))
    let summary = try runImport([path], into: log)
    #expect(summary.broken == 1)
    #expect(summary.firstBroken?.hasPrefix("\(path), line 6: document") == true)
    #expect(try records(log, .listen).count == 2)
    #expect(try records(log, .auth).count == 2)
    let views = try records(log, .pageView)
    #expect(views.count == 4)
    // Lines of the three topics go into the log byte for byte.
    #expect(views.contains { $0.raw == view } && views.contains { $0.raw == "no event" })
  }
}
