#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/// Queues a copy of one message; rd_kafka_producev is variadic, which Swift cannot call. The
/// topic's partitioner chooses the partition, and the message's time is the present. `opaque` comes back with the delivery report; a header
/// goes with the message where it has a value.
static inline rd_kafka_resp_err_t polyrhythm_produce(
    rd_kafka_t *client, rd_kafka_topic_t *topic, const void *key, size_t key_count,
    const void *payload, size_t payload_count, void *opaque,
    const char *header, const void *header_value, size_t header_count) {
  if (header_value == NULL)
    return rd_kafka_producev(
        client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(RD_KAFKA_PARTITION_UA),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_count),
        RD_KAFKA_V_VALUE((void *)payload, payload_count), RD_KAFKA_V_OPAQUE(opaque),
        RD_KAFKA_V_END);
  return rd_kafka_producev(
      client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(RD_KAFKA_PARTITION_UA),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_count),
      RD_KAFKA_V_VALUE((void *)payload, payload_count),
      RD_KAFKA_V_HEADER(header, header_value, header_count), RD_KAFKA_V_OPAQUE(opaque),
      RD_KAFKA_V_END);
}
