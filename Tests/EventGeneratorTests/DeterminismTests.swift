import EventModel
import Foundation
import Testing

@testable import EventGenerator

@Suite struct DeterminismTests {
  @Test func theSameSeedGivesTheSameBytes() throws {
    var a = try standardSimulation(seed: 42)
    var b = try standardSimulation(seed: 42)
    let bytes = a.bytes()
    #expect(bytes.count > 100_000)
    #expect(bytes == b.bytes())
  }

  @Test func anotherSeedGivesOtherBytes() throws {
    var a = try standardSimulation(seed: 42)
    var b = try standardSimulation(seed: 43)
    #expect(a.bytes() != b.bytes())
  }

  @Test func theCatalogueFollowsFromTheSeed() {
    #expect(Catalogue(seed: 5, artists: 40, songs: 200).songs == smallCatalogue.songs)
    #expect(Catalogue(seed: 6, artists: 40, songs: 200).songs != smallCatalogue.songs)
  }

  /// The hash (FNV-1a) is that of the present bytes. Where it changes, the output of every seed has changed,
  /// which must only happen on purpose.
  @Test func theBytesOfASeedAreTheOnesTheyWere() throws {
    var simulation = try standardSimulation(seed: 1, users: 50)
    let hash = simulation.bytes().reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    #expect(hash == 11_855_772_556_488_147_736)
  }

  @Test func aRunInPiecesIsTheRunInOne() throws {
    var whole = try standardSimulation(seed: 9)
    let expected = whole.bytes()
    var pieces = try standardSimulation(seed: 9)
    var bytes = Data()
    for minutes in [0, 1, 7, 7, 60, 61, 333, 700, 1200, 1440, 5000] {
      bytes += pieces.bytes(until: monday + Int64(minutes) * 60_000)
    }
    #expect(bytes == expected)
  }

  @Test func aRunThatTheCallerStopsGoesOnBehindTheLastEvent() throws {
    var whole = try standardSimulation(seed: 9)
    let expected = whole.all()
    var stopped = try standardSimulation(seed: 9)
    var seen: [Seen] = []
    while seen.count < expected.count {
      let before = seen.count
      // Stops after 1, 2, 3, 1, 2, 3 … events, and so also between the two events of one request.
      let limit = before % 3 + 1
      stopped.run(until: nil) { event in
        seen.append(Seen(event))
        return seen.count - before < limit
      }
      guard seen.count > before else { break }
    }
    #expect(seen == expected)
  }

  @Test func nextGivesTheEventsThatRunGivesAtTheTimesItForetells() throws {
    var running = try standardSimulation(seed: 9, users: 30)
    var stepping = running
    let expected = running.all()
    var seen: [Seen] = []
    while true {
      let foretold = stepping.nextTimestamp
      guard let event = stepping.next() else { break }
      #expect(event.ts == foretold)
      seen.append(Seen(event))
    }
    #expect(seen == expected)
  }

  @Test func usersOfEqualTimeActInTheOrderOfTheirNumbers() {
    var random = RandomSource(seed: 2, purpose: .user)
    var queue = UserQueue()
    var expected: [(Int64, Int32)] = []
    for user: Int32 in 0..<300 {
      let ts = Int64(random.index(below: 20))
      queue.insert(UserQueue.Entry(ts: ts, user: user))
      expected.append((ts, user))
    }
    // Every third entry gets a later time when its turn comes, so that entries sink in the heap too.
    var seen: [(Int64, Int32)] = []
    while let first = queue.first {
      seen.append((first.ts, first.user))
      if first.user % 3 == 0, first.ts < 20 {
        queue.moveFirst(to: first.ts + 20)
        expected.append((first.ts + 20, first.user))
      } else {
        queue.removeFirst()
      }
    }
    #expect(
      seen.map { [$0.0, Int64($0.1)] } == expected.sorted(by: <).map { [$0.0, Int64($0.1)] })
  }

  @Test func aUserTakesLittleMemory() {
    let bytes = MemoryLayout<SimulatedUser>.stride + MemoryLayout<UserQueue.Entry>.stride
    #expect(bytes <= 192, "\(bytes) bytes a user")
  }

  @Test func whatAUserDoesIsTheSameInAnyCompany() throws {
    var few = try standardSimulation(seed: 3, users: 20)
    var many = try standardSimulation(seed: 3, users: 200)
    let alone = few.all()
    let sessions = Set(alone.map(\.session))
    #expect(alone == many.all().filter { sessions.contains($0.session) })
  }
}
