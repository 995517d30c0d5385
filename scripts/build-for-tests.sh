#!/usr/bin/env bash
# Builds all that the tests need: the release binaries, and beside them, as optimising a module takes one core, the debug
# build of the tests, with warnings as errors. The two write to directories of their own.
# Usage: build-for-tests.sh [FLAG…] (of the release builds)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

output=$(mktemp)
trap 'rm -f "$output"' EXIT
POLYRHYTHM_WARNINGS_AS_ERRORS=1 swift build --build-tests --ignore-lock >"$output" 2>&1 &
tests=$!

status=0
swift build -c release --product polyrhythm "$@" || status=$?
[ "$status" -ne 0 ] || swift build -c release --product polyrhythm-chaos "$@" || status=$?
if ! wait "$tests"; then
  cat "$output"
  exit 1
fi
tail -n 1 "$output"
exit "$status"
