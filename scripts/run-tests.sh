#!/usr/bin/env bash
# Runs every test of the package: three groups beside each other, as most tests wait for processes and for PostgreSQL; and
# beside them the oracle of Tests/Oracle, and the page in a browser.
# Usage: run-tests.sh POLYRHYTHM
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
polyrhythm=$1
export POLYRHYTHM_WARNINGS_AS_ERRORS=1

swift build --build-tests

outputs=$(mktemp -d)
trap 'rm -rf "$outputs"' EXIT
group() { swift test --skip-build --ignore-lock --disable-xctest "$@"; }
group --filter EndToEndTests >"$outputs/end-to-end" 2>&1 &
end_to_end=$!
group --filter HandoffTests >"$outputs/handoff" 2>&1 &
handoff=$!
scripts/test-oracle.sh "$polyrhythm" >"$outputs/oracle" 2>&1 &
oracle=$!
scripts/test-page.sh "$polyrhythm" >"$outputs/page" 2>&1 &
page=$!

status=0
group --skip EndToEndTests --skip HandoffTests || status=$?
printf '== oracle\n'
wait "$oracle" || status=$?
cat "$outputs/oracle"
printf '== page\n'
wait "$page" || status=$?
cat "$outputs/page"
printf '== handoff\n'
wait "$handoff" || status=$?
cat "$outputs/handoff"
printf '== end to end\n'
wait "$end_to_end" || status=$?
cat "$outputs/end-to-end"
exit "$status"
