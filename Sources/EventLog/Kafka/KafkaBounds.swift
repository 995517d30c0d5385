import CRdKafka

/// Where many partitions begin and end, asked for at once: one question to each broker for all the partitions that it
/// leads. librdkafka 2.0 has no call of that name; its look-up of offsets by time takes the two times that Kafka's
/// protocol has for the beginning (-2) and for the end (-1).
extension KafkaClient {
  private static let beginning: Int64 = -2
  private static let end: Int64 = -1
  /// How often partitions are asked for that get no answer.
  private static let tries = 3

  func bounds(of partitions: [TopicPartition]) throws(EventLogError)
    -> [TopicPartition: LogBounds]
  {
    // The ends first, so that a partition that retention empties meanwhile does not end before its start.
    let ends = try offsets(of: partitions, at: Self.end)
    let starts = try offsets(of: partitions, at: Self.beginning)
    var found: [TopicPartition: LogBounds] = [:]
    for (partition, end) in ends {
      let start = starts[partition] ?? 0
      found[partition] = LogBounds(start: start, end: max(start, end))
    }
    return found
  }

  private func offsets(of partitions: [TopicPartition], at time: Int64) throws(EventLogError)
    -> [TopicPartition: Int64]
  {
    let what =
      partitions.count == 1
      ? "\(partitions[0]) begins and ends" : "\(partitions.count) partitions begin and end"
    let action = "cannot look up where \(what)"
    var found: [TopicPartition: Int64] = [:]
    var open = partitions
    var trouble = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
    // librdkafka repeats a question that a moving leader has refused, and keeps the refusal beside the answer that comes then.
    for _ in 0..<Self.tries {
      let list = rd_kafka_topic_partition_list_new(Int32(open.count))
      defer { rd_kafka_topic_partition_list_destroy(list) }
      for partition in open {
        rd_kafka_topic_partition_list_add(list, partition.topic, partition.partition)?
          .pointee.offset = time
      }
      let code = rd_kafka_offsets_for_times(handle, list, requestMilliseconds)
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { throw readError(code, action) }
      open = []
      for index in 0..<Int(list.pointee.cnt) {
        let element = list.pointee.elems[index]
        let partition = TopicPartition(String(cString: element.topic), element.partition)
        if element.err == RD_KAFKA_RESP_ERR_NO_ERROR, element.offset >= 0 {
          found[partition] = element.offset
          continue
        }
        if element.err != RD_KAFKA_RESP_ERR_NO_ERROR { trouble = element.err }
        open.append(partition)
      }
      if open.isEmpty { return found }
    }
    throw readError(trouble, action)
  }

  /// What a code means that came while records were read or offsets looked up. Beside the codes that `error` takes for
  /// passing there are those of a cluster that moves leaders or adds partitions, after which librdkafka or the next
  /// reader finds its way.
  func readError(_ code: rd_kafka_resp_err_t, _ action: String) -> EventLogError {
    switch code {
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
      RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_NOT_CONTROLLER,
      RD_KAFKA_RESP_ERR__WAIT_CACHE, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
      return EventLogError(
        .unavailable,
        "\(action): Kafka at \(brokers) says for now: \(String(cString: rd_kafka_err2str(code)))")
    default:
      return error(code, action)
    }
  }
}
