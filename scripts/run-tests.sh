#!/usr/bin/env bash
# Runs every test of the package. The end-to-end tests, which mostly wait for processes, run beside all others.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export POLYRHYTHM_WARNINGS_AS_ERRORS=1

swift build --build-tests

beside=$(mktemp)
trap 'rm -f "$beside"' EXIT
swift test --skip-build --ignore-lock --disable-xctest --filter EndToEndTests >"$beside" 2>&1 &
end_to_end=$!

status=0
swift test --skip-build --ignore-lock --disable-xctest --skip EndToEndTests || status=$?
printf '== end to end\n'
wait "$end_to_end" || status=$?
cat "$beside"
exit "$status"
