# shellcheck shell=bash
# Part of scripts/bench.sh: the stages of the pipeline, one after the other, and the raw binary COPY
# rate of the same PostgreSQL beside them.
# shellcheck disable=SC2154 # binary, work, from, to, seed and elapsed are bench.sh's

if [ -n "${SMOKE-}" ]; then users=${BENCH_USERS-50}; else users=${BENCH_USERS-2000}; fi
copy_rounds=${BENCH_COPY_ROUNDS-3}

chmod 755 "$work" # the private cluster may belong to user postgres
data=$work/data
cluster=$data/postgres/data

# Runs a command as the owner of the private cluster, which is `postgres` when we are root.
as_cluster_owner() {
  if [ "$(id -u)" -eq 0 ]; then
    (cd / && runuser -u "$(stat -c %U "$cluster")" -- "$@")
  else
    "$@"
  fi
}

# The PostgreSQL programs of the version that made the cluster.
postgres_bin() {
  printf '/usr/lib/postgresql/%s/bin\n' "$(cat "$cluster/PG_VERSION")"
}

stop_cluster() {
  [ -e "$cluster/postmaster.pid" ] || return 0
  as_cluster_owner "$(postgres_bin)/pg_ctl" -D "$cluster" -m fast -w stop >/dev/null
}

before_removal() {
  stop_cluster || printf 'bench: the cluster in %s did not stop\n' "$cluster" >&2
  # Where user postgres cannot reach TMPDIR, the cluster is elsewhere and linked to.
  if [ -L "$data/postgres" ]; then rm -rf "$(realpath "$data/postgres")"; fi
}

sql() {
  "$binary" sql --data "$data" --csv "$1" | tail -n +2
}

# Reads line N of the running cluster's postmaster.pid (4: port, 5: socket directory).
postmaster() {
  sed -n "${1}p" "$cluster/postmaster.pid"
}

# psql on the private cluster, as its superuser.
raw_psql() {
  as_cluster_owner "$(postgres_bin)/psql" -X -q -v ON_ERROR_STOP=1 \
    -h "$(postmaster 5)" -p "$(postmaster 4)" -U polyrhythm -d polyrhythm "$@"
}

rows=()
report() { # name, events, milliseconds
  rows+=("$1 $2 $3")
}

timed generate "$binary" generate --users "$users" --from "$from" --to "$to" --seed "$seed" \
  --output "$work/events"
# Beside the events there are the songs and users of the catalogue.
events=$(cat "$work"/events/*_events.ndjson | wc -l)
[ "$events" -gt 0 ] || fail "generate wrote no events"
report generate "$events" "$elapsed"

# The first use of a data directory makes the cluster and the schema. That is no stage of the pipeline.
timed 'make the data directory' "$binary" load full --data "$data"

timed import "$binary" import "$work/events" --log "dir:$data/log"
report import "$events" "$elapsed"

timed 'speed, from a backlog' "$binary" speed --until-caught-up --data "$data"
report speed "$events" "$elapsed"

timed 'load full' "$binary" load full --data "$data"
report load-full "$events" "$elapsed"

# A fast wrong answer is no result: every event counts exactly once.
counted=$(sql 'select sum(listens + page_views + logins + failed_logins) from serving.minute_totals')
[ "$counted" = "$events" ] || fail "the merged view counts $counted of $events events"

# The raw COPY: the rows of the largest fact, from a file in binary format into an empty logged table.
# The table is made in a transaction of its own, so that PostgreSQL writes its WAL, as a load must.
timed 'start the cluster' "$binary" sql --data "$data" 'select 1'
if [ ! -e "$cluster/postmaster.pid" ]; then
  as_cluster_owner "$(postgres_bin)/pg_ctl" -D "$cluster" -w -l "$cluster/bench.log" start >/dev/null
fi
copy_file=$(realpath "$data/postgres")/bench.copy
raw_psql -c "copy (select * from warehouse.fact_listen) to '$copy_file' (format binary)"
listens=$(raw_psql -At -c 'select count(*) from warehouse.fact_listen')
best=0
for ((round = 1; round <= copy_rounds; round++)); do
  raw_psql -c 'set client_min_messages = warning' -c 'drop table if exists public.bench_copy' \
    -c 'create table public.bench_copy (like warehouse.fact_listen)' -c 'checkpoint'
  timed "raw COPY, round $round of $copy_rounds" \
    raw_psql -c "\\copy public.bench_copy from '$copy_file' (format binary)"
  if [ "$best" -eq 0 ] || [ "$elapsed" -lt "$best" ]; then best=$elapsed; fi
done
report raw-copy "$listens" "$best"

printf '\npipeline: %s users, %s to %s, seed %s; PostgreSQL %s\n' "$users" "$from" "$to" "$seed" \
  "$(cat "$cluster/PG_VERSION")"
printf '%s\n' "${rows[@]}" | awk '
  { name[NR] = $1; count[NR] = $2; rate[NR] = $2 * 1000 / $3; seconds[NR] = $3 / 1000 }
  END {
    printf "%-12s %12s %10s %12s %12s\n", "stage", "events", "seconds", "events/s", "of raw COPY"
    for (i = 1; i <= NR; i++)
      printf "%-12s %12d %10.2f %12.0f %11.0f%%\n", name[i], count[i], seconds[i], rate[i],
        100 * rate[i] / rate[NR]
  }'
printf 'raw-copy: binary COPY of the fact_listen rows into an empty logged table, best of %s.\n' \
  "$copy_rounds"
