import CRdKafka
import Synchronization

/// Whether librdkafka has something for a reader, so that a partition in which nothing happens costs its reader nothing.
/// librdkafka raises the sign on threads of its own whenever the partition's queue stops being empty.
final class KafkaSign: Sendable {
  private let raised = Atomic<Bool>(true)

  var isRaised: Bool { raised.load(ordering: .acquiring) }

  func raise() { raised.store(true, ordering: .releasing) }

  /// To be called before the queue is looked at, so that what comes meanwhile raises the sign again.
  func lower() { raised.store(false, ordering: .sequentiallyConsistent) }

  /// - Parameter queue: lets go of the sign with `detach`, which must come before the sign's end.
  func attach(to queue: OpaquePointer) {
    rd_kafka_queue_cb_event_enable(
      queue,
      { _, opaque in
        guard let opaque else { return }
        Unmanaged<KafkaSign>.fromOpaque(opaque).takeUnretainedValue().raise()
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  static func detach(from queue: OpaquePointer) {
    rd_kafka_queue_cb_event_enable(queue, nil, nil)
  }
}
