import Support
import Synchronization
import Warehouse

/// Starts the private cluster again, for as long as a command works on it, whenever the cluster has been killed,
/// has crashed or was stopped by somebody. Several processes may keep one cluster: one of them starts it, the
/// others find it running.
final class ClusterKeeper: Sendable {
  private let ended = StopToken()
  private let movedTo = Mutex<UInt16?>(nil)
  private let worker = Mutex<Worker<Void>?>(nil)

  /// Seconds between two looks at whether the cluster runs.
  private static let lookInterval = 1.0
  /// Seconds after the first failed attempt to start the cluster; the pause doubles with each further one.
  private static let firstPause = 1.0
  /// Seconds that the pause grows to.
  private static let longestPause = 30.0

  /// - Parameters:
  ///   - info: the cluster as the command found it, with the port that the command's URLs have.
  ///   - command: requested where the cluster came up on another port.
  ///   - notices: says what happens.
  init(
    _ cluster: PrivateCluster, _ info: ClusterInfo, command: StopToken,
    _ notices: Notices
  ) {
    let thread = Worker<Void>("postgres-keeper") { [self] in
      var pause = Self.firstPause
      while !ended.isRequested {
        ended.wait(seconds: Self.lookInterval)
        if ended.isRequested { continue }
        if cluster.isRunning {
          // Another process may have started the cluster first, and on another port where the old one was taken.
          if hasMoved(to: cluster.runningPort ?? info.port, info, command) { return }
          continue
        }
        notices.say("PostgreSQL in \(info.dataDirectory) is gone; starting it again", .warning)
        let begin = ContinuousClock.now
        do {
          let now = try cluster.start()
          pause = Self.firstPause
          let seconds = (ContinuousClock.now - begin) / .seconds(1)
          notices.say(
            "PostgreSQL runs again, after \(Terminal.duration(seconds))", .info, [.seconds(seconds)]
          )
          if hasMoved(to: now.port, info, command) { return }
        } catch {
          let known = error as? any UserFacingError
          notices.say(
            "\(known?.message ?? "\(error)"); trying again in \(Terminal.duration(pause))", .warning
          )
          ended.wait(seconds: pause)
          pause = min(pause * 2, Self.longestPause)
        }
      }
    }
    worker.withLock { $0 = thread }
  }

  /// Asks the command to end where the cluster is on another port than the command's URLs say.
  private func hasMoved(to port: UInt16, _ info: ClusterInfo, _ command: StopToken) -> Bool {
    guard port != info.port else { return false }
    movedTo.withLock { $0 = port }
    command.request()
    return true
  }

  /// Stops keeping the cluster; returns when no start is under way.
  func end() {
    ended.request()
    _ = try? worker.withLock { $0 }?.wait()
  }

  /// - Throws: `.temporaryFailure` where the cluster came up on another port than this process connects to.
  func requireUnmoved() throws {
    guard let port = movedTo.withLock({ $0 }) else { return }
    throw CommandError(
      .temporaryFailure,
      "PostgreSQL came up again on port \(port), as its own was taken: start this command again")
  }
}
