#!/usr/bin/env bash
# Both halves of chaos beside each other, for `make test`: neither uses all of two cores.
# Usage: test-chaos.sh POLYRHYTHM CHAOS SECONDS [SEED]
set -euo pipefail
polyrhythm=$1 chaos=$2 seconds=$3 seed=${4:-}

simulated=$(mktemp)
trap 'rm -f "$simulated"' EXIT
"$polyrhythm" simulate --seed "${seed:-$RANDOM}" --for "$seconds" >"$simulated" 2>&1 &
simulation=$!

status=0
QUIET=1 SEED=$seed SECONDS=$seconds "$chaos" || status=$?
wait "$simulation" || status=$?
cat "$simulated"
exit "$status"
