import Foundation
import Support
import TestKit
import Testing
import Warehouse

@testable import Simulation

@Suite struct FaultTests {
  @Test func statementsAreFoundHoweverTheBytesComeInPieces() {
    func message(_ type: Character?, _ count: Int) -> [UInt8] {
      (type.map { [$0.asciiValue ?? 0] } ?? [])
        + (0..<4).map { UInt8(truncatingIfNeeded: (count + 4) >> (24 - 8 * $0)) }
        + [UInt8](repeating: UInt8(ascii: "Q"), count: count)
    }
    let bytes =
      message(nil, 30) + message("Q", 300) + message("P", 9) + message("E", 5) + message("S", 0)
      + message("d", 1000) + message("Q", 0)
    var whole = MessageBoundaries()
    #expect(whole.statements(in: bytes[...]).count == 3)
    for size in [1, 2, 3, 7, 64, 301] {
      var pieces = MessageBoundaries()
      var found = 0
      for start in stride(from: 0, to: bytes.count, by: size) {
        found += pieces.statements(in: bytes[start..<min(start + size, bytes.count)]).count
      }
      #expect(found == 3, "in pieces of \(size)")
    }
  }

  @Test func aConnectionIsCutBeforeOrAfterTheStatementThatWasMeant() throws {
    let database = try TestDatabase.make(migrated: false)
    let proxy = try ServerProxy(
      url: database.url, in: try TestDatabase.directory() + "/p\(Int.random(in: 0..<100_000))")
    defer { proxy.stop() }
    let direct = try database.connect()
    try direct.script("create table seen (n integer)")
    let statements = (1...6).map { "insert into seen values (\($0))" }
    for (isAnswered, expected) in [(false, 3), (true, 4)] {
      proxy.reset()
      let through = try Connection(url: proxy.url(instead: database.url))
      // `reset` comes after the connection's own statements at its start, which therefore do not count.
      proxy.reset(ServerProxy.Trap(at: 4, afterAnswer: isAnswered) { .cut })
      #expect(throws: WarehouseError.self) {
        for statement in statements { _ = try through.run(statement) }
      }
      #expect(throws: WarehouseError.self) {
        _ = try Connection(url: proxy.url(instead: database.url))
      }
      #expect(try direct.run("select count(*) from seen").int(0, 0) == expected)
      try direct.script("truncate seen")
    }
  }

  @Test func theShortestSequenceThatFailsIsFound() {
    let shortest = Shrinking.shortest(Array(1...60), until: .now + .seconds(60)) { numbers in
      numbers.contains(17) && numbers.contains(42)
    }
    #expect(shortest == [17, 42])
  }

  @Test func theSameSeedTakesTheSameStepsToTheSameRows() throws {
    var configuration = SimulationRun.Configuration(seed: 4)
    configuration.steps = 12
    let library = try SQLLibrary(directory: "\(Program.packageRoot)/warehouse-sql")
    let hashes = try (0..<2).map { _ in
      try SimulationRun(configuration, library: library) { _ in }.run(stop: StopToken()).fingerprint
    }
    #expect(hashes[0] == hashes[1])
    #expect(StepSequence(seed: 9, count: 50).steps == StepSequence(seed: 9, count: 50).steps)
  }
}
