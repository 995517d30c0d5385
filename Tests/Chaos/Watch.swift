import Foundation
import Simulation
import Support
import Synchronization
import Warehouse

/// Looks at all merged views in one statement, again and again, while the episode goes on.
final class Watch: Sendable {
  private let stop = StopToken()
  private let worker: Worker<Void>
  private let shared = Shared()

  private final class Shared: Sendable {
    let looks = Atomic<Int>(0)
    let violations = Mutex<[String]>([])
    /// Odd while an action changes the files of the log.
    let generation = Atomic<Int>(0)
    let isAway = Atomic<Bool>(false)
  }

  var looks: Int { shared.looks.load(ordering: .relaxed) }

  /// One sentence for each number that a look must not have shown; empty where all was right.
  var violations: [String] { shared.violations.withLock { $0 } }

  /// The error that ended the watch.
  var failure: String {
    do {
      try worker.wait()
      return "nothing"
    } catch {
      return "\(error)"
    }
  }

  /// True where the watch has ended before it was asked to, which it must not.
  var hasGivenUp: Bool { worker.isFinished && !stop.isRequested }

  init(url: String, log: String) {
    worker = Worker("chaos-watch") { [stop, shared] in
      var connection: Connection?
      var recount = LogRecount(log)
      var generation = 0
      var last = MergedViews.Look.none
      while !stop.isRequested {
        let now = shared.generation.load(ordering: .acquiring)
        if now != generation {
          shared.isAway.store(now % 2 == 1, ordering: .releasing)
          if now % 2 == 1 {
            stop.wait(seconds: 0.02)
            continue
          }
          recount = LogRecount(log)
          generation = now
        }
        do {
          let open = try connection ?? Connection(url: url, applicationName: "chaos watch")
          connection = open
          let look = try MergedViews(open).look()
          try recount.follow()
          shared.looks.add(1, ordering: .relaxed)
          let found = look.violations(after: last, log: recount.minutes)
          if !found.isEmpty {
            let number = shared.looks.load(ordering: .relaxed)
            let first = found.prefix(5).joined(separator: "; ")
            shared.violations.withLock {
              $0.append("look \(number): \(found.count) wrong: \(first)")
            }
          }
          last = look
          stop.wait(seconds: 0.02)
        } catch let error as WarehouseError {
          // The schema is not there yet, or the server is down for a moment.
          if ["42P01", "3F000", "42703"].contains(error.sqlState) == false { connection = nil }
          stop.wait(seconds: 0.05)
        }
      }
    }
  }

  /// Runs the body, which changes the log, while no look is under way.
  func pausing<T>(_ body: () throws -> T) rethrows -> T {
    shared.generation.add(1, ordering: .acquiringAndReleasing)
    while !shared.isAway.load(ordering: .acquiring) && !worker.isFinished { usleep(5000) }
    defer { shared.generation.add(1, ordering: .acquiringAndReleasing) }
    return try body()
  }

  func end() throws {
    stop.request()
    try worker.wait()
  }
}
