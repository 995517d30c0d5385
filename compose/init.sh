#!/usr/bin/env bash
# Makes what compose.yaml needs and the repository must not hold: the secrets and Kafka's cluster id.
# What is there already stays as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# The directory keeps others on this host out. The files in it are readable because a container's
# user, who is nobody on the host, has to read them.
mkdir -p -m 700 secrets
for name in postgres_password api_token; do
  if [ -e "secrets/$name" ]; then
    printf 'init: secrets/%s is there already\n' "$name"
    continue
  fi
  head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >"secrets/$name"
  chmod 444 "secrets/$name"
  printf 'init: made secrets/%s\n' "$name"
done

if [ -e .env ] && grep -q '^KAFKA_CLUSTER_ID=' .env; then
  printf 'init: .env has a KAFKA_CLUSTER_ID already\n'
else
  # A Kafka cluster id is 16 bytes in URL-safe base64 without padding. Its two special characters are
  # avoided: Kafka's tools take a leading - for an option.
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'xy' | tr -d '=\n')
  printf 'KAFKA_CLUSTER_ID=%s\n' "$id" >>.env
  printf 'init: wrote a KAFKA_CLUSTER_ID to .env\n'
fi
