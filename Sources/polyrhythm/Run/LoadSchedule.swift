import BatchLayer
import EventLog
import Metrics
import Support
import Warehouse

struct LoadSchedule: Sendable, CustomStringConvertible {
  let every: Double?
  init(_ arguments: Arguments) throws {
    every = try arguments.double("--load-every", in: 1...1e9)
  }
  var description: String { "every \(every ?? 0) s" }
  func run(
    databaseURL: String, library: SQLLibrary, lake: DirectoryLog, kernel: Kernel.Configuration,
    stop: StopToken, onLoad: (BatchLoader.Summary) -> Void
  ) throws {
    while !stop.isRequested {
      stop.wait(seconds: every ?? 1e6)
      if stop.isRequested { return }
      var configuration = BatchLoader.Configuration(databaseURL: databaseURL)
      configuration.kernel = kernel
      onLoad(
        try BatchLoader(lake: lake, library: library, configuration: configuration).load(
          .incremental, stop: stop))
    }
  }
}
