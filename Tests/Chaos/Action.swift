/// One step of a schedule. The processes that a step starts go on while the next steps are taken.
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

  /// The way in which a load is stopped before its end.
  struct Ending: Equatable, CustomStringConvertible {
    enum Means: String, CaseIterable { case kill, freeze, cutConnections, terminate }
    var means: Means
    /// The number of the statement at which the load is stopped, from 1, counted over all connections of the
    /// load.
    var statement: Int
    /// True where the server has run and answered that statement.
    var isAnswered: Bool

    var description: String {
      "\(means) \(isAnswered ? "after" : "before") statement \(statement)"
    }
  }

  /// A writer appends the stretch of events with the number `run`, by `generate --log` or from files by
  /// `import`.
  case write(run: Int, byImport: Bool)
  /// A site in fast motion writes until it is ended.
  case live(run: Int)
  case killWriter(afterMs: Int)
  /// Runs the command of the killed writer once more.
  case repeatWriter
  case startWorker(Int, flushMs: Int)
  /// SIGTERM.
  case stopWorker(Int)
  /// SIGKILL.
  case killWorker(Int)
  case freeze(Target)
  case thaw(Target)
  /// Runs a load and waits for its end, unless the load is frozen.
  case load(LoadKind, Ending?)
  case startLoad(LoadKind)
  case killLoad
  /// Stops the server by `pg_ctl stop -m immediate` and starts it again.
  case restartServer
  /// Ends one of the program's sessions, which the number selects, by `pg_terminate_backend`.
  case killBackend(Int)
  case pause(ms: Int)
  /// The topics get more partitions.
  case growPartitions
  /// One topic is made before the others exist.
  case firstTopicAlone
  /// All processes and the server are killed at once, and partitions end in a torn line.
  case losePower
  /// Writers end, workers read all records, and the views are compared with the log; then a load runs, and the
  /// views are compared again.
  case settle(Settling)

  struct Settling: Equatable, CustomStringConvertible {
    /// True where the running workers catch up. Otherwise they are killed, and a new worker catches up.
    var byWorkers: Bool
    /// True where frozen processes stay frozen until after the comparison.
    var keepsFrozen: Bool
    var load: LoadKind?
    /// True to compare the rows with those of a full load into another database.
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
    case .losePower: "kill all, tear the last lines"
    case .settle(let settling): "settle: \(settling)"
    }
  }
}
