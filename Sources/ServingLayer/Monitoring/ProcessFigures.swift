import Foundation
import Glibc
import Support

/// What the kernel says of this process, under the names that all exporters of Prometheus use.
enum ProcessFigures {
  static func write(to text: inout Exposition) {
    let figures = stat()
    let ticks = Double(sysconf(CInt(_SC_CLK_TCK)))
    text.counter(
      "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
      figures.map { "\(($0.userTicks + $0.systemTicks) / ticks)" })
    text.gauge(
      "process_resident_memory_bytes", "Resident memory size in bytes.",
      figures.map { "\($0.residentPages * Int(sysconf(CInt(_SC_PAGESIZE))))" })
    text.gauge(
      "process_virtual_memory_bytes", "Virtual memory size in bytes.",
      figures.map { "\($0.virtualBytes)" })
    text.gauge("process_open_fds", "Number of open file descriptors.", openFiles.map { "\($0)" })
    text.gauge(
      "process_max_fds", "Maximum number of open file descriptors.", fileLimit.map { "\($0)" })
    text.gauge(
      "process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
      figures.flatMap { stat in bootTime.map { "\($0 + stat.startTicks / ticks)" } })
    text.gauge(
      "process_threads", "Number of threads of the process.", figures.map { "\($0.threads)" })
  }

  private struct Stat {
    var userTicks, systemTicks, startTicks: Double
    var threads, virtualBytes, residentPages: Int
  }

  /// Fields of `/proc/self/stat` (proc(5)); nil on a system without it.
  private static func stat() -> Stat? {
    // The second field is the program's name in brackets, which may have brackets and spaces itself.
    guard let text = read("/proc/self/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    /// - Parameter number: as the manual counts, from 1.
    func field(_ number: Int) -> Double? {
      fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil
    }
    guard let user = field(14), let system = field(15), let threads = field(20),
      let start = field(22), let virtual = field(23), let resident = field(24)
    else { return nil }
    return Stat(
      userTicks: user, systemTicks: system, startTicks: start, threads: Int(threads),
      virtualBytes: Int(virtual), residentPages: Int(resident))
  }

  /// Seconds since 1970.
  private static var bootTime: Double? {
    read("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
      .flatMap { Double($0.dropFirst(6)) }
  }

  private static var openFiles: Int? {
    // One of them is the listing's own.
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count
  }

  private static var fileLimit: UInt? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    return UInt(limit.rlim_cur)
  }

  private static func read(_ path: String) -> String? {
    guard case .success(let bytes) = FileBytes.read(path) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
