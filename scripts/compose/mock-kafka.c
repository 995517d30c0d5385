// A Kafka cluster in memory, librdkafka's own mock, for where no image of Kafka can be had. It answers on the
// loopback of its own network namespace, which those that use it have to share, and forgets all when it ends.
//
//   mock-kafka FILE     the address of the broker is written to FILE
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char **words) {
  char error[512];
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error, sizeof error);
  rd_kafka_mock_cluster_t *cluster = client ? rd_kafka_mock_cluster_new(client, 1) : NULL;
  FILE *file = count == 2 ? fopen(words[1], "w") : NULL;
  if (!cluster || !file) {
    fprintf(stderr, "mock-kafka: no cluster, or no file to write its address to\n");
    return 70;
  }
  // The mock does not know the request that makes topics, so all that Polyrhythm writes to are here from the start.
  const char *topics[] = {"listen_events", "auth_events", "page_view_events", "songs", "users", "polyrhythm_sources"};
  for (int n = 0; n < 6; n++) rd_kafka_mock_topic_create(cluster, topics[n], n < 3 ? 4 : 1, 1);
  fprintf(file, "%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  fclose(file);
  for (;;) pause();
}
