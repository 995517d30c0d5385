import Glibc
import Synchronization

final class ProcessSlot: Sendable {
  let value = Atomic<Int32>(0)
}
