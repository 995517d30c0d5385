#pragma once
#include <dlfcn.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <string.h>

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

/// The functions that tell the ids of topics. librdkafka has them since 2.3; they are looked up in the library that is there, so that
/// one binary runs with older ones too, which have none of them, nor the types in their headers.
typedef struct {
  void *(*collect)(const char **names, size_t count);
  void (*destroy_collection)(void *collection);
  void (*describe)(
      rd_kafka_t *client, const void *collection, const rd_kafka_AdminOptions_t *options,
      rd_kafka_queue_t *queue);
  const void *(*result)(rd_kafka_event_t *event);
  const void **(*topics)(const void *result, size_t *count);
  const char *(*name)(const void *topic);
  const void *(*id)(const void *topic);
  const rd_kafka_error_t *(*error)(const void *topic);
  int64_t (*most_significant)(const void *id);
  int64_t (*least_significant)(const void *id);
} polyrhythm_topic_ids;

/// Looks the functions up. Returns whether all are there.
static inline bool polyrhythm_find_topic_ids(polyrhythm_topic_ids *found) {
  struct {
    const char *name;
    void *target;
  } wanted[] = {
      {"rd_kafka_TopicCollection_of_topic_names", &found->collect},
      {"rd_kafka_TopicCollection_destroy", &found->destroy_collection},
      {"rd_kafka_DescribeTopics", &found->describe},
      {"rd_kafka_event_DescribeTopics_result", &found->result},
      {"rd_kafka_DescribeTopics_result_topics", &found->topics},
      {"rd_kafka_TopicDescription_name", &found->name},
      {"rd_kafka_TopicDescription_topic_id", &found->id},
      {"rd_kafka_TopicDescription_error", &found->error},
      {"rd_kafka_Uuid_most_significant_bits", &found->most_significant},
      {"rd_kafka_Uuid_least_significant_bits", &found->least_significant},
  };
  for (size_t index = 0; index < sizeof wanted / sizeof *wanted; index++) {
    // RTLD_DEFAULT, which the header has for GNU sources only: all libraries of the process.
    void *address = dlsym((void *)0, wanted[index].name);
    if (address == NULL) return false;
    memcpy(wanted[index].target, &address, sizeof address);
  }
  return true;
}
