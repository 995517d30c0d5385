#!/usr/bin/env bash
# Draws docs/generator-week.svg: a week of the generator's traffic, out of the truth.json of a run.
#
#   scripts/plot-week.sh           run the tool, write the file
#   scripts/plot-week.sh --check   run the tool, fail where the committed file is not what it gives
#   PLOT_BINARY, PLOT_USERS, PLOT_SEED   another binary, another size or seed
#
# The same binary gives the same bytes: the numbers in the SVG are integers and fixed decimals.
set -euo pipefail
export LC_ALL=C TZ=UTC
cd "$(dirname "${BASH_SOURCE[0]}")/.."

binary=${PLOT_BINARY-$PWD/.build/release/polyrhythm}
# As many users as make day, night and weekend stand out from the noise of single sessions.
users=${PLOT_USERS-10000}
seed=${PLOT_SEED-7}
from=2026-03-02 # a Monday, in a week without a holiday
to=2026-03-09
plot=docs/generator-week.svg

fail() {
  printf 'plot-week: %s\n' "$*" >&2
  exit 70 # EX_SOFTWARE
}

case "$#:${1-}" in
  0:) check=no ;;
  1:--check) check=yes ;;
  *)
    printf 'usage: scripts/plot-week.sh [--check]\n' >&2
    exit 64 # EX_USAGE
    ;;
esac

[ -x "$binary" ] || fail "$binary is not there; run 'make build' first"

work=$(mktemp -d "${TMPDIR:-/tmp}/polyrhythm-plot.XXXXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The generator's messages are kept in memory, so that they can be shown even when the disk is full.
said=$("$binary" generate --users "$users" --from "$from" --to "$to" --seed "$seed" \
  --dry-run --truth "$work/truth.json" 2>&1) || fail "generate failed: $said"

awk -v users="$users" -v seed="$seed" -v from="$from" -v to="$to" \
  -v first_ms="$(date -d "$from" +%s)000" -v first_day="$(date -d "$from" +%-d)" \
  -f scripts/plot-week.awk "$work/truth.json" >"$work/week.svg" ||
  fail "$binary wrote a truth.json that scripts/plot-week.awk cannot read"

if [ "$check" = no ]; then
  # Written under another name first, so that a failure never leaves half a plot.
  cp "$work/week.svg" "$plot.partial"
  mv "$plot.partial" "$plot"
  printf 'wrote %s\n' "$plot"
elif ! cmp -s "$work/week.svg" "$plot"; then
  fail "$plot is not what the generator gives now; run 'make plot' and commit it"
fi
