#!/bin/bash
# Asks a server with data what its OpenAPI document allows, and what it does not, 2,000 times and more, with all checks of Schemathesis:
# test-schemathesis.sh [BINARY] [SEED]. Installs Schemathesis from PyPI (60 MB) once. Takes two minutes on a quiet machine.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "${1:-.build/release/polyrhythm}")
seed=${2:-$RANDOM}
version=4.32.5
cases=2000
venv=.build/schemathesis-python
work=$(mktemp -d /tmp/polyrhythm-schemathesis-XXXXXX)
server=
clean() {
  if [ -n "$server" ]; then kill "$server" 2> /dev/null || true; wait "$server" 2> /dev/null || true; fi
  rm -rf "$work"
}
trap clean EXIT
fail() { echo "test-schemathesis: $*" >&2; [ -f "$work/log" ] && tail -20 "$work/log" >&2; exit 1; }

if [ "$("$venv/bin/schemathesis" --version 2> /dev/null | grep -o '[0-9.]*$')" != "$version" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
fi

# The server's PostgreSQL must reach its files, whoever it runs as.
chmod 755 "$work"
"$binary" run --data "$work/data" --listen 127.0.0.1:0 --users 300 --history-days 2 > "$work/log" 2>&1 &
server=$!
for _ in $(seq 240); do
  address=$(grep -oE 'http://127\.0\.0\.1:[0-9]+$' "$work/log" | head -1) || true
  [ -n "$address" ] && curl --silent --fail "$address/readyz" > /dev/null && break
  kill -0 "$server" 2> /dev/null || fail "the server has ended"
  sleep 0.5
done
[ -n "$address" ] || fail "the server is not there after two minutes"

# The live stream has no end: its first events are read. POST is answered by 401, as there is no token. What ranges are
# accepted the hooks know better than positive_data_acceptance.
export POLYRHYTHM_URL=$address SCHEMATHESIS_HOOKS=$PWD/scripts/schemathesis-hooks.py
status=0
echo 'max-stream-events = 2' > "$work/schemathesis.toml"
(cd "$work" && "$OLDPWD/$venv/bin/schemathesis" run "$address/openapi.json" --checks all --max-examples 450 --seed "$seed" \
  --exclude-checks positive_data_acceptance --generation-database none --continue-on-failure --no-color --warnings off \
  --request-timeout 60) > "$work/out" 2>&1 || status=$?
cat "$work/out"
count=$(grep -oE '[0-9,]+ generated' "$work/out" | tr -dc 0-9 || true)
[ "$status" = 0 ] || fail "Schemathesis $version found something; repeat it with seed $seed"
[ "${count:-0}" -ge "$cases" ] || fail "${count:-no} cases, and $cases are wanted"
echo "test-schemathesis: $count cases, all checks of Schemathesis $version, nothing found (seed $seed)"
