#!/usr/bin/env bash
# Runs every test of the package in two rounds. First the Swift tests, in groups beside each other, as most tests wait for processes
# and for PostgreSQL, and each group by itself leaves processors idle at its end. Then the page in a browser, which waits more
# than it works, for itself as far as it can see: the oracle of Tests/Oracle and chaos have what time it leaves. The Swift tests that
# only compute have what time all of them leave.
# Usage: run-tests.sh POLYRHYTHM CHAOS SECONDS [SEED] (the last three are those of test-chaos.sh)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
polyrhythm=$1
export POLYRHYTHM_WARNINGS_AS_ERRORS=1

# The tests alone: none of them runs a debug build of a program, and `make check` builds those as well. And without what only a
# debugger reads. Both together are a fifth of what a build from nothing takes.
swift build --product polyrhythmPackageTests -debug-info-format none

outputs=$(mktemp -d)
trap 'rm -rf "$outputs"' EXIT
swift_tests=(swift test --skip-build --ignore-lock --disable-xctest)
names=()
processes=()
failed=()
# begin NAME COMMAND…: what it prints is shown by `finish`.
begin() {
  names+=("$1")
  "${@:2}" >"$outputs/$1" 2>&1 &
  processes+=($!)
}
# Waits for all that was begun, and shows what it printed.
finish() {
  for index in "${!names[@]}"; do
    wait "${processes[$index]}" || failed+=("${names[$index]}")
    printf '== %s, after %d s\n' "${names[$index]}" "$SECONDS"
    cat "$outputs/${names[$index]}"
  done
  names=()
  processes=()
}
# watch NAME COMMAND…: runs it, and shows what it prints as it does.
watch() {
  "${@:2}" 2>&1 | tee "$outputs/$1" || failed+=("$1")
  printf '== %s, after %d s\n' "$1" "$SECONDS"
}

# Each test is in one group: the last one has what the others leave.
killed='EndToEndTests\.(Backup|Crash|DocumentedCommand|Freeze|KeptServer|Resume|Run)Tests'
# A process runs as many tests at a time as there are processors, and these are the ones that wait for PostgreSQL the longest.
early='HandoffTests\.[A-L]'
layers='^(BatchLayer|ServingLayer|SpeedLayer|Warehouse)Tests'
# These wait for nothing and have no deadlines: they take what both rounds leave.
pure='^(EventGenerator|EventModel|Metrics)Tests'
nice -n 19 "${swift_tests[@]}" --filter "$pure" >"$outputs/pure" 2>&1 &
computing=$!
begin end-to-end-killed "${swift_tests[@]}" --filter "$killed"
begin end-to-end "${swift_tests[@]}" --filter EndToEndTests --skip "$killed"
begin handoff "${swift_tests[@]}" --filter "$early"
begin handoff-late "${swift_tests[@]}" --filter HandoffTests --skip "$early"
begin layers "${swift_tests[@]}" --filter "$layers"
watch rest "${swift_tests[@]}" --skip EndToEndTests --skip HandoffTests --skip "$layers" --skip "$pure"
finish

begin oracle nice -n 10 scripts/test-oracle.sh "$polyrhythm"
begin chaos nice -n 10 scripts/test-chaos.sh "$@"
names+=(pure)
processes+=("$computing")
watch page scripts/test-page.sh "$polyrhythm"
finish

# What failed is said last, and in few lines: thousands stand between it and the end, and some who run this keep the last twenty.
for name in ${failed[@]+"${failed[@]}"}; do
  printf '== failed: %s\n' "$name"
  said=$(grep -vE '^(◇|✔)' "$outputs/$name" | grep -A 1 -E 'recorded an issue|^(FAIL|ERROR):|^[A-Za-z]*(Error|Exception)\b|[Ff]atal error|: error:|^polyrhythm: |violated') ||
    said=$(tail -n 12 "$outputs/$name")
  # A line that follows a failure has what the test knew of it: its end is what was printed last.
  head -n 16 <<<"$said" | awk 'length > 400 { $0 = substr($0, 1, 150) " … " substr($0, length - 240) } 1'
done
[ ${#failed[@]} -eq 0 ]
