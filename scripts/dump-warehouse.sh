#!/usr/bin/env bash
# Keeps a small warehouse of this version for Tests/HandoffTests/KeptWarehouseTests.swift, which migrates every one
# that is kept: Tests/Dumps/NNNN has the log and a dump of the database, NNNN being the last migration. Run it
# before you add a migration to a version that people have (CONTRIBUTING.md).
#
#   scripts/dump-warehouse.sh [BINARY]
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=$(realpath "${1-.build/release/polyrhythm}")
sql=${POLYRHYTHM_SQL-$PWD/warehouse-sql}
version=$(find "$sql/migrations" -name '*.sql' -printf '%f\n' | sort | tail -1 | cut -c1-4)
target=$PWD/Tests/Dumps/$version
[ ! -e "$target" ] || {
  printf 'dump-warehouse: %s is there already\n' "$target" >&2
  exit 73 # EX_CANTCREAT
}

work=$(mktemp -d "${TMPDIR:-/tmp}/polyrhythm-dump.XXXXXXXX")
chmod 755 "$work"
data=$work/data
before_removal() {
  if [ -e "$data/postgres/data/postmaster.pid" ]; then
    as_owner "$(postgres_bin)/pg_ctl" -D "$data/postgres/data" -m fast -w stop >/dev/null || true
  fi
}
trap 'before_removal; rm -rf "$work"' EXIT

as_owner() {
  if [ "$(id -u)" -eq 0 ]; then
    (cd / && runuser -u "$(stat -c %U "$data/postgres/data")" -- "$@")
  else
    "$@"
  fi
}
postgres_bin() { printf '/usr/lib/postgresql/%s/bin\n' "$(cat "$data/postgres/data/PG_VERSION")"; }

# A day of other users each, so that every day is new to the log.
day() { # number, further flags
  "$binary" generate --data "$data" --users 12 --from "2026-03-0$1" --to "2026-03-0$(($1 + 1))" \
    --seed "$1" --first-user-id "$(($1 * 1000))" --partitions 2
}
# A build with an incremental load, and rows that only the speed layer has; beside it a build that waits.
day 1
"$binary" load full --data "$data"
day 2
"$binary" speed --until-caught-up --data "$data"
"$binary" load incremental --data "$data"
"$binary" load full --shadow --data "$data"
day 3
"$binary" speed --until-caught-up --data "$data"

"$binary" sql --data "$data" 'select 1' >/dev/null
if [ ! -e "$data/postgres/data/postmaster.pid" ]; then
  as_owner "$(postgres_bin)/pg_ctl" -D "$data/postgres/data" -w -l "$data/postgres/dump.log" start >/dev/null
fi
line() { sed -n "${1}p" "$data/postgres/data/postmaster.pid"; }
mkdir -p "$target"
as_owner "$(postgres_bin)/pg_dump" --no-owner -h "$(line 5)" -p "$(line 4)" -U polyrhythm polyrhythm |
  zstd -q -19 >"$target/warehouse.sql.zst"
tar -C "$data" --sort=name --owner=0 --group=0 -c log | zstd -q -19 >"$target/log.tar.zst"
du -sh "$target"
