import CRdKafka
import Glibc

extension EnvelopeBatch {
  /// What Kafka has of a record beside its value: its time, its key and its headers.
  func add(_ message: UnsafePointer<rd_kafka_message_t>) {
    var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    let time = rd_kafka_message_timestamp(message, &type)
    let hasTime = type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    add(offset: message.pointee.offset, time: hasTime ? time : RecordBatch.unknownTimestamp) {
      if hasTime {
        $0.member(type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? "append_time" : "create_time", time)
      }
      // A key of no bytes is not the same as none.
      if let key = message.pointee.key {
        $0.member("key", UnsafeRawBufferPointer(start: key, count: message.pointee.key_len))
      }
      var headers: OpaquePointer?
      guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR,
        let headers
      else { return }
      $0.headers { envelope in
        var number = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var count = 0
        while rd_kafka_header_get_all(headers, number, &name, &value, &count)
          == RD_KAFKA_RESP_ERR_NO_ERROR
        {
          if let name {
            envelope.header(
              UnsafeRawBufferPointer(start: name, count: strlen(name)),
              value.map { UnsafeRawBufferPointer(start: $0, count: count) })
          }
          number += 1
        }
      }
    }
  }
}
