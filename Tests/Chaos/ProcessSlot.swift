import Glibc
import Synchronization

/// A process id that one thread sets and another waits for.
final class ProcessSlot: Sendable {
  private let value = Atomic<pid_t>(0)

  func set(_ process: pid_t) { value.store(process, ordering: .releasing) }
  var isSet: Bool { value.load(ordering: .acquiring) != 0 }

  func wait() -> pid_t {
    while !isSet { usleep(500) }
    return value.load(ordering: .acquiring)
  }
}
