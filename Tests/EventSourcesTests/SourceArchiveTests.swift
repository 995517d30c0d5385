import EventLog
import EventModel
import Foundation
import Glibc
import Support
import TestKit
import Testing

@testable import EventSources

@Suite("files move to the archive once a load that has them is published")
struct SourceArchiveTests {
  private let folder: Folder
  private let log: any EventLog

  init() throws {
    folder = try Folder()
    log = try folder.log
    for name in ["in", "done"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/\(name)", withIntermediateDirectories: false)
    }
  }

  private func line(_ number: Int) -> String {
    LineImportTests.listen.replacing("\"itemInSession\":0", with: "\"itemInSession\":\(number)")
      + "\n"
  }

  @discardableResult
  private func take() throws -> ImportSummary {
    try runImport(["\(folder.path)/in"], into: log, .test(archive: "\(folder.path)/done"))
  }

  private func move(_ loaded: [TopicPartition: Int64]) throws -> SourceArchive.Outcome {
    try SourceArchive(lake(log), environment: [:]).move(loaded: loaded)
  }

  private func waiting() throws -> Int { try SourceMoves(lake(log)).waiting().count }

  @Test("not before all of its records are below the published offsets, and then once")
  func published() throws {
    try folder.write("in/a.json", line(0))
    #expect(try take().toArchive == 1)
    let first = try logEnds(log)
    try folder.write("in/b.json", line(1) + line(2))
    #expect(try take().toArchive == 2)
    #expect(try move([:]).waiting == 2)
    for (partition, end) in try logEnds(log) where end > 0 {
      var short = try logEnds(log)
      short[partition] = end - 1
      #expect(try move(short).moved.isEmpty)
    }
    #expect(try folder.names("in") == ["a.json", "b.json"])
    // The second import saw a.json again, and so asks for what the log had then.
    #expect(try move(first).waiting == 2)
    #expect(try publish(log).moved.count == 2)
    #expect(try folder.names("done") == ["a.json", "b.json"])
    #expect(try waiting() == 0 && folder.names("in") == [])
    #expect(try publish(log).moved.isEmpty)
  }

  @Test("a process that dies at any step of a move leaves it to be ended", arguments: [0, 1, 2, 3])
  func died(step: Int) throws {
    let (source, target) = ("\(folder.path)/in/a.json", "\(folder.path)/done/a.json")
    try folder.write("in/a.json", line(0))
    try take()
    switch step {
    case 0: break
    // With both names, as a link and as the copy that a move between file systems makes.
    case 1: #expect(link(source, target) == 0)
    case 2:
      try FileManager.default.copyItem(atPath: source, toPath: target)
      try folder.write("done/.polyrhythm-moving", "half")
    default: try FileManager.default.moveItem(atPath: source, toPath: target)
    }
    try publish(log)
    #expect(try folder.names("in") == [] && waiting() == 0)
    #expect(try folder.names("done").filter { $0.first != "." } == ["a.json"])
    #expect(try String(contentsOfFile: target, encoding: .utf8) == line(0))
  }

  @Test("a file that appears again, or was changed, is another one until it is imported")
  func again() throws {
    let path = try folder.write("in/a.json", line(0))
    try take()
    // It has grown since.
    try folder.write("in/a.json", line(0) + line(1))
    #expect(try publish(log).changed == [path])
    #expect(try folder.names("done") == [] && waiting() == 0)
    #expect(try take().records == 1)
    try publish(log)
    #expect(try folder.names("done") == ["a.json"])
    // Another one of the same name, and then the first one again: that one is in the archive already.
    for (content, names) in [
      (line(2), ["a.json", "a.json.2"]), (line(0) + line(1), ["a.json", "a.json.2"]),
    ] {
      try folder.write("in/a.json", content)
      #expect(try publish(log).moved.isEmpty)
      #expect(try take().toArchive == 1)
      try publish(log)
      #expect(try folder.names("done") == names && folder.names("in") == [])
    }
    #expect(try records(log).count == 3)
  }

  @Test("the archive is neither the directory of the files nor led out of by a link")
  func places() throws {
    try folder.write("in/a.json", line(0))
    #expect {
      try runImport(["\(folder.path)/in"], into: log, .test(archive: "\(folder.path)/./in"))
    } throws: { "\($0)".contains("in this directory already") }
    try take()
    #expect(symlink("\(folder.path)/in/a.json", "\(folder.path)/done/a.json") == 0)
    try publish(log)
    #expect(try folder.names("done") == ["a.json", "a.json.2"])
    try folder.write("in/b.json", line(1))
    try take()
    try FileManager.default.removeItem(atPath: "\(folder.path)/done")
    #expect(symlink("\(folder.path)/in", "\(folder.path)/done") == 0)
    let outcome = try move(logEnds(log))
    #expect(outcome.failures.count == 1 && outcome.moved.isEmpty)
    #expect(try folder.names("in") == ["b.json"] && waiting() == 1)
  }

  @Test(
    "a move to another file system",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/shm")))
  func otherFileSystem() throws {
    let place = "/dev/shm/polyrhythm-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: place) }
    try folder.write("in/a.json", line(0))
    try runImport(["\(folder.path)/in"], into: log, .test(archive: place))
    try publish(log)
    #expect(try folder.names("in") == [])
    #expect(try String(contentsOfFile: "\(place)/a.json", encoding: .utf8) == line(0))
  }

  @Test("one that cannot be moved keeps no other from it, and is tried again")
  func failure() throws {
    try folder.write("in/a.json", line(0))
    try runImport(["\(folder.path)/in"], into: log, .test(archive: "\(folder.path)/blocked/x"))
    try FileManager.default.removeItem(atPath: "\(folder.path)/blocked")
    try folder.write("blocked", "a file")
    try folder.write("in/b.json", line(1))
    try runImport(["\(folder.path)/in/b.json"], into: log, .test(archive: "\(folder.path)/done"))
    let outcome = try move(logEnds(log))
    #expect(outcome.failures.map(\.exitCode) == [.ioError])
    #expect(try folder.names("done") == ["b.json"] && folder.names("in") == ["a.json"])
    try FileManager.default.removeItem(atPath: "\(folder.path)/blocked")
    #expect(try publish(log).moved.count == 1)
  }

  @Test("two at once move each file once")
  func twoAtOnce() async throws {
    for number in 0..<40 { try folder.write("in/\(number).json", line(number)) }
    try take()
    let ends = try logEnds(log)
    let lake = try lake(log)
    let moved = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<2 {
        group.addTask { try SourceArchive(lake, environment: [:]).move(loaded: ends).moved.count }
      }
      return try await group.reduce(0, +)
    }
    #expect(moved == 40)
    #expect(try folder.names("done").count == 40)
  }

  /// What a random history may do.
  private enum Step: CaseIterable { case write, take, load, move, linkAndDie, moveAndDie }

  @Test("whatever happens in whatever order, each file is in the archive once, and never too early")
  func anyOrder() throws {
    let seed = TestSeed.drawn()
    var random = SplitMix64(seed: seed)
    var loaded: [TopicPartition: Int64] = [:]
    var written: [String] = []
    for _ in 0..<200 {
      let named = Dictionary(uniqueKeysWithValues: loaded.map { ($0.key.description, $0.value) })
      let due = try SourceMoves(lake(log)).waiting().map(\.move).filter {
        $0.isCovered(by: named) && stampOf($0.source) == $0.stamp
      }
      switch Step.allCases.randomElement(using: &random) ?? .take {
      case .write:
        let name = "in/\(Int.random(in: 0..<4, using: &random)).json"
        guard !FileManager.default.fileExists(atPath: "\(folder.path)/\(name)") else { continue }
        try folder.write(name, line(written.count))
        written.append(line(written.count))
      case .take: try take()
      case .load:
        for (partition, end) in try logEnds(log) {
          loaded[partition] = Int64.random(in: (loaded[partition] ?? 0)...end, using: &random)
        }
      case .move:
        let before = try archived()
        let outcome = try move(loaded)
        #expect(
          outcome.failures.isEmpty && outcome.moved.count <= due.count, "POLYRHYTHM_SEED=\(seed)")
        #expect(try archived().count - before.count <= due.count, "POLYRHYTHM_SEED=\(seed)")
      case .linkAndDie: for move in due { _ = link(move.source, nameGiven(to: move)) }
      case .moveAndDie:
        for move in due {
          let place = nameGiven(to: move)
          // Over a name that it has already the system moves nothing.
          if rename(move.source, place) == 0 { unlink(move.source) }
        }
      }
      let places = try Set(archived() + contents("in"))
      #expect(places == Set(written), "a file is gone, POLYRHYTHM_SEED=\(seed)")
    }
    try take()
    try publish(log)
    #expect(try archived().sorted() == written.sorted(), "POLYRHYTHM_SEED=\(seed)")
    #expect(try folder.names("in") == [] && waiting() == 0, "POLYRHYTHM_SEED=\(seed)")
    #expect(try Set(records(log).map(\.raw)).count == written.count, "POLYRHYTHM_SEED=\(seed)")
  }

  private func stampOf(_ path: String) -> String? { SourceFile(origin: .local(path: path)).stamp }

  private func contents(_ directory: String) throws -> [String] {
    try folder.names(directory).map {
      try String(contentsOfFile: "\(folder.path)/\(directory)/\($0)", encoding: .utf8)
    }
  }

  private func archived() throws -> [String] { try contents("done") }

  /// The name that a move gives: the first that is free, or that has the file already.
  private func nameGiven(to move: SourceMove) -> String {
    let manager = FileManager.default
    var name = move.target
    var number = 1
    while manager.fileExists(atPath: name),
      !manager.contentsEqual(atPath: name, andPath: move.source)
    {
      number += 1
      name = "\(move.target).\(number)"
    }
    return name
  }
}
