#!/usr/bin/env bash
# Runs every test of the package. Beside each other, as most tests wait for processes and for PostgreSQL: three groups of the
# Swift tests, the oracle of Tests/Oracle, and chaos. Then the page in a browser, whose pictures take all of two cores.
# Usage: run-tests.sh POLYRHYTHM CHAOS SECONDS [SEED] (the last three are those of test-chaos.sh)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
polyrhythm=$1
export POLYRHYTHM_WARNINGS_AS_ERRORS=1

swift build --build-tests

outputs=$(mktemp -d)
trap 'rm -rf "$outputs"' EXIT
swift_tests() { swift test --skip-build --ignore-lock --disable-xctest "$@"; }
names=()
processes=()
# begin NAME COMMAND…: what it prints is shown at the end.
begin() {
  names+=("$1")
  "${@:2}" >"$outputs/$1" 2>&1 &
  processes+=($!)
}
begin end-to-end swift_tests --filter EndToEndTests
begin handoff swift_tests --filter HandoffTests
begin oracle scripts/test-oracle.sh "$polyrhythm"
begin chaos scripts/test-chaos.sh "$@"

status=0
swift_tests --skip EndToEndTests --skip HandoffTests || status=$?
for index in "${!names[@]}"; do
  wait "${processes[$index]}" || status=$?
  printf '== %s\n' "${names[$index]}"
  cat "$outputs/${names[$index]}"
done
printf '== page\n'
scripts/test-page.sh "$polyrhythm" || status=$?
exit "$status"
