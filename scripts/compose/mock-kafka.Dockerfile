# Stands in for Kafka's image in scripts/test-compose.sh. The context is this directory.
FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev librdkafka-dev \
 && rm -rf /var/lib/apt/lists/*
COPY mock-kafka.c .
RUN gcc -O2 -Wall -Werror -o /usr/bin/mock-kafka mock-kafka.c -lrdkafka

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends librdkafka1 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/bin/mock-kafka /usr/bin/mock-kafka
USER nobody
ENTRYPOINT ["mock-kafka", "/tmp/address"]
