/// One step of a schedule. What it starts goes on beside what follows.
enum Action: Equatable, CustomStringConvertible {
  enum Target: Equatable, CustomStringConvertible {
    case worker(Int)
    case writer, load

    var description: String {
      switch self {
      case .worker(let slot): "worker \(slot)"
      case .writer: "writer"
      case .load: "load"
      }
    }
  }

  enum LoadKind: String { case full, incremental }

  /// How a load ends before its end.
  struct Ending: Equatable, CustomStringConvertible {
    enum Means: String, CaseIterable { case kill, freeze, cutConnections, terminate }
    var means: Means
    /// Of all that the load sends, on whichever connection, from 1.
    var statement: Int
    /// Whether the server has answered it.
    var isAnswered: Bool

    var description: String {
      "\(means) \(isAnswered ? "after" : "before") statement \(statement)"
    }
  }

  /// A stretch of events: `run` numbers it; by `generate --log`, or from files by `import`.
  case write(run: Int, byImport: Bool)
  /// A site in a hurry that writes until it is ended.
  case live(run: Int)
  case killWriter(afterMs: Int)
  /// The command of the writer that was killed, once more.
  case repeatWriter
  case startWorker(Int, flushMs: Int)
  /// SIGTERM.
  case stopWorker(Int)
  /// SIGKILL.
  case killWorker(Int)
  case freeze(Target)
  case thaw(Target)
  /// Waits for its end, but for one that is frozen.
  case load(LoadKind, Ending?)
  case startLoad(LoadKind)
  case killLoad
  /// `pg_ctl stop -m immediate`, and started again.
  case restartServer
  /// `pg_terminate_backend` of one of our sessions, whichever comes first by a number.
  case killBackend(Int)
  case pause(ms: Int)
  /// Topics with more partitions; or, before there are any, one topic alone.
  case growPartitions
  case firstTopicAlone
  /// All writers killed; of each partition, bytes that no sync and no commit has vouched for are lost.
  case losePower
  /// Writers end, all that is there is caught up with and compared; then a load, and compared again.
  case settle(Settling)

  struct Settling: Equatable, CustomStringConvertible {
    /// The workers there are catch up, or one that starts for it after they have been killed.
    var byWorkers: Bool
    /// Whoever is frozen stays frozen until after the comparison.
    var keepsFrozen: Bool
    var load: LoadKind?
    /// A full load into another database gives the same rows.
    var comparesFull: Bool

    var description: String {
      (byWorkers ? "workers catch up" : "one worker catches up")
        + (keepsFrozen ? ", the frozen stay so" : "")
        + (load.map { ", load \($0.rawValue)" } ?? "")
        + (comparesFull ? ", full = incremental" : "")
    }
  }

  var description: String {
    switch self {
    case .write(let run, let byImport): "\(byImport ? "import" : "generate") run \(run)"
    case .live(let run): "live site \(run)"
    case .killWriter(let ms): "kill the writer after \(ms) ms"
    case .repeatWriter: "repeat the writer"
    case .startWorker(let slot, let ms): "start worker \(slot), flush every \(ms) ms"
    case .stopWorker(let slot): "stop worker \(slot)"
    case .killWorker(let slot): "kill worker \(slot)"
    case .freeze(let target): "freeze \(target)"
    case .thaw(let target): "thaw \(target)"
    case .load(let kind, let ending):
      "load \(kind.rawValue)" + (ending.map { ", \($0)" } ?? "")
    case .startLoad(let kind): "start load \(kind.rawValue)"
    case .killLoad: "kill the load"
    case .restartServer: "pg_ctl -m immediate"
    case .killBackend(let number): "kill backend \(number)"
    case .pause(let ms): "pause \(ms) ms"
    case .growPartitions: "more partitions"
    case .firstTopicAlone: "one topic alone"
    case .losePower: "lose unsynced bytes"
    case .settle(let settling): "settle: \(settling)"
    }
  }
}
