#!/bin/bash
# Imports the bundle of `polyrhythm superset export` into a real Superset from PyPI, compares every chart with PostgreSQL and takes a
# picture of each dashboard. test-superset.sh [BINARY] [PICTURES]; pictures go to docs/screens by default. Takes 5 to 10 minutes.
# SUPERSET_DATA names a data directory that a server is running on already; else one is made and removed.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "${1:-.build/release/polyrhythm}")
pictures=${2:-docs/screens}
venv=.build/superset-python
work=$(mktemp -d /tmp/polyrhythm-superset-XXXXXX)
children=()
clean() {
  for child in "${children[@]}"; do kill "$child" 2> /dev/null || true; done
  for child in "${children[@]}"; do wait "$child" 2> /dev/null || true; done
  rm -rf "$work"
}
trap clean EXIT
fail() { echo "test-superset: $*" >&2; [ -f "$work/log" ] && tail -40 "$work/log" >&2; exit 1; }
# wait_for WHAT COMMAND...: until the command succeeds, for two minutes at most.
wait_for() {
  local what=$1; shift
  for _ in $(seq 240); do "$@" > /dev/null 2>&1 && return; sleep 0.5; done
  fail "$what is not there after two minutes"
}

command -v chromium > /dev/null || fail "install chromium (Debian's package): the dashboards are looked at in it"
if ! cmp -s compose/superset/requirements.txt "$venv/requirements.txt"; then
  echo "test-superset: installing Superset from PyPI into $venv (1 GB)"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r compose/superset/requirements.txt
  cp compose/superset/requirements.txt "$venv/requirements.txt"
fi

# What is compared must not move: the events end, and the server goes on over what is there.
data=${SUPERSET_DATA:-$work/data}
if [ -z "${SUPERSET_DATA-}" ]; then
  echo "test-superset: ten days of history and a minute of events"
  "$binary" run --data "$data" --listen 127.0.0.1:0 --users 1000 --history-days 10 --for 60 > "$work/log" 2>&1 ||
    fail "polyrhythm run"
  # On a busy machine the minute is over before the first events are counted: until then rates end where the load says.
  "$binary" speed --data "$data" --until-caught-up > "$work/log" 2>&1 || fail "polyrhythm speed"
  "$binary" serve --data "$data" --listen 127.0.0.1:0 > "$work/log" 2>&1 &
  children+=($!)
  wait_for "the analyst's password" test -s "$data/postgres/analyst.password"
  wait_for PostgreSQL "$binary" sql --data "$data" 'select 1'
fi
port=$(cat "$data/postgres/port")
ANALYST_PASSWORD=$(cat "$data/postgres/analyst.password")
export ANALYST_PASSWORD

"$binary" superset export "$work/bundle" --postgres "127.0.0.1:$port"

export SUPERSET_HOME=$work SUPERSET_CONFIG_PATH=$PWD/Tests/Superset/superset_config.py FLASK_APP=superset TZ=UTC PYTHONWARNINGS=ignore
superset() { "$venv/bin/superset" "$@" > "$work/log" 2>&1 || fail "superset $*"; }
superset db upgrade
superset fab create-admin --username admin --password admin --firstname A --lastname B --email admin@localhost
superset init
# Any port that is free.
web=$("$venv/bin/python3" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$venv/bin/gunicorn" --workers 1 --threads 12 --timeout 120 --bind "127.0.0.1:$web" 'superset.app:create_app()' > "$work/log" 2>&1 &
children+=($!)
wait_for Superset curl -fsS "http://127.0.0.1:$web/health"

mkdir -p "$pictures"
"$venv/bin/python3" -B Tests/Superset/check_superset.py "$work/bundle" "http://127.0.0.1:$web" "$port" "$pictures" ||
  fail "what Superset shows is not what PostgreSQL says, above"
