#!/usr/bin/env bash
# Measures what the release binary does in a second.
#
#   scripts/bench.sh                    all of these:
#   scripts/bench.sh generator          generate to nowhere, to files and to a log, beside a memory copy
#   scripts/bench.sh pipeline           every stage of the pipeline, beside PostgreSQL's raw binary COPY
#   scripts/bench.sh bars               what is to be reached, and what is (benchmarks/bars.py)
#   scripts/bench.sh serving            what the server bears (benchmarks/serving.py); only where it is asked for
#   scripts/bench.sh kafka              reading from Kafka beside kcat (benchmarks/kafka.py); only where it is asked for
#   SMOKE=1 scripts/bench.sh            tiny: shows that it works, its figures mean nothing
#   BENCH_FROM, BENCH_TO, BENCH_SEED, BENCH_BINARY                          for both
#   BENCH_GENERATOR_USERS, BENCH_MEMORY_USERS, BENCH_ROUNDS                 for the generator
#   BENCH_USERS, BENCH_COPY_ROUNDS                                          for the pipeline
#
# A rate says little about another machine; its ratio to what that machine's memory, disk or PostgreSQL
# can do says more, so those are measured beside it. The bench works in a directory of its own under
# TMPDIR and removes it afterwards, whatever happens.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "$#:${1-}" in
  0: | 1:all) parts=(generator pipeline bars) ;;
  1:generator | 1:pipeline | 1:bars | 1:kafka | 1:serving) parts=("$1") ;;
  *)
    printf 'usage: scripts/bench.sh [generator|pipeline|bars|kafka|serving]\n' >&2
    exit 64 # EX_USAGE
    ;;
esac

binary=${BENCH_BINARY-$PWD/.build/release/polyrhythm}
from=${BENCH_FROM-2026-01-01}
to=${BENCH_TO-2026-01-15}
if [ -n "${SMOKE-}" ]; then to=${BENCH_TO-2026-01-02}; fi
seed=${BENCH_SEED-7}

fail() {
  printf 'bench: %s\n' "$*" >&2
  exit 70 # EX_SOFTWARE
}

[ -x "$binary" ] || fail "$binary is not there; run 'make build' first"

work=$(mktemp -d "${TMPDIR:-/tmp}/polyrhythm-bench.XXXXXXXX")

# A part replaces this by what has to be stopped before its files can be removed.
before_removal() { :; }
clean_up() {
  before_removal
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a stage; what it prints is shown if it fails, and is in $work/output otherwise. Afterwards
# `elapsed` is its wall clock in milliseconds and `cpu` its user and system time, with those of its
# children; both are at least 1, so that they can be divided by.
elapsed=0 cpu=0
timed() {
  local name=$1 status=0 TIMEFORMAT='%3R %3U %3S' wall user system
  shift
  printf 'bench: %s\n' "$name" >&2
  { time "$@" >"$work/output" 2>&1; } 2>"$work/times" || status=$?
  if [ "$status" -ne 0 ]; then
    cat "$work/output" >&2
    fail "$name failed with exit code $status: $*"
  fi
  read -r wall user system <"$work/times"
  # Seconds with three decimals become milliseconds without the point; 10# because of leading zeros.
  elapsed=$((10#${wall/./}))
  cpu=$((10#${user/./} + 10#${system/./}))
  [ "$elapsed" -gt 0 ] || elapsed=1
  [ "$cpu" -gt 0 ] || cpu=1
}

printf 'bench: %s, %s cores, %s\n' "$(git describe --always --dirty 2>/dev/null || echo 'no commit')" \
  "$(nproc)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
for part in "${parts[@]}"; do
  if [ "$part" = bars ]; then
    BENCH_BINARY=$binary python3 -B benchmarks/bars.py
    continue
  fi
  if [ "$part" = serving ]; then
    BENCH_BINARY=$binary python3 -B benchmarks/serving.py
    continue
  fi
  if [ "$part" = kafka ]; then
    command -v kcat >/dev/null || fail "kcat is not there; apt-get install kcat"
    BENCH_BINARY=$binary python3 -B benchmarks/kafka.py
    continue
  fi
  # shellcheck source=scripts/bench/generator.sh
  # shellcheck source=scripts/bench/pipeline.sh
  . "scripts/bench/$part.sh"
done
if [ -n "${SMOKE-}" ]; then printf '\nSMOKE: sizes too small for the figures to mean anything.\n'; fi
