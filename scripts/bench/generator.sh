# shellcheck shell=bash
# Part of scripts/bench.sh: `generate` to nowhere, to files and to an embedded log, beside the rates at
# which this machine copies memory and writes a file of the same size.
# shellcheck disable=SC2154 # binary, work, from, to, seed, elapsed and cpu are bench.sh's

if [ -n "${SMOKE-}" ]; then
  generator_users=${BENCH_GENERATOR_USERS-50}
  memory_users=${BENCH_MEMORY_USERS-10000} rounds=${BENCH_ROUNDS-1}
else
  generator_users=${BENCH_GENERATOR_USERS-5000}
  memory_users=${BENCH_MEMORY_USERS-1000000} rounds=${BENCH_ROUNDS-3}
fi
[ "$generator_users" -gt 0 ] && [ "$memory_users" -gt 0 ] && [ "$rounds" -gt 0 ] ||
  fail "BENCH_GENERATOR_USERS, BENCH_MEMORY_USERS and BENCH_ROUNDS must be at least 1"

# The stage that is running writes its output here.
out=$work/out
generate=("$binary" generate --from "$from" --seed "$seed")
week=(--users "$generator_users" --to "$to")
first_hour=$(date -u -d "$from UTC 1 hour" +%FT%TZ 2>/dev/null) ||
  fail "BENCH_FROM must be a day as 2026-01-01, not $from"

# Pins a command to the first core that this process may use, so that all of its work, the kernel's part
# of writing included, is done on one core.
one_core=(taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')")

# GNU time reports the greatest resident memory that the kernel saw, in KiB; polling could miss it.
peak_memory=()
if [ -x /usr/bin/time ]; then
  peak_memory=(/usr/bin/time -o "$work/peak" -f %M)
else
  printf "bench: no peak memory: package time is missing; run 'make deps-bench'\n" >&2
fi

generator_rows=()
# The count of events that every stage must report.
expected_events=

# The count in "generated 1,234 events in …", without its commas.
events_reported() {
  sed -n 's/^generated \([0-9,]*\) events.*/\1/p' "$work/output" | tr -d ,
}

# Runs a command as often as there are rounds and keeps the fastest. Its row: name, wall clock in ms,
# CPU time in ms, peak memory in KiB (0: unknown).
stage() {
  local name=$1 round best=0 best_cpu=0 peak=0 reported
  shift
  for ((round = 1; round <= rounds; round++)); do
    rm -rf "$out"
    # What earlier stages left to be written is written now, so that it does not count for this stage.
    sync -f "$work"
    timed "$name, round $round of $rounds" "${peak_memory[@]}" "$@"
    reported=$(events_reported)
    [ -n "$expected_events" ] || expected_events=$reported
    [ "$reported" = "$expected_events" ] ||
      fail "$name gave '$reported' events, not $expected_events as the stage before"
    if [ "$best" -eq 0 ] || [ "$elapsed" -lt "$best" ]; then best=$elapsed best_cpu=$cpu; fi
    if [ -s "$work/peak" ] && [ "$(cat "$work/peak")" -gt "$peak" ]; then peak=$(cat "$work/peak"); fi
  done
  generator_rows+=("$name|$best|$best_cpu|$peak")
}

# Estimates from a run of a fiftieth of the size what the stages will write, and fails unless there is room
# for that and half as much again.
check_room() {
  local sample=$(((generator_users + 49) / 50)) need room
  timed 'size of a sample' "${generate[@]}" --users "$sample" --to "$to" --output "$out"
  need=$(($(du -sk "$out" | cut -f1) * generator_users / sample * 3 / 2))
  room=$(df -k --output=avail "$work" | tail -1)
  rm -rf "$out"
  [ "$need" -le "$room" ] ||
    fail "needs about $((need / 1024)) MiB in $work, which has $((room / 1024)) MiB; set TMPDIR or BENCH_GENERATOR_USERS"
}

# The bytes of resident memory that a user costs: from the peaks of two dry runs of an hour, one with few
# users and one with many.
bytes_a_user() {
  local few=1000 small large
  timed "memory, $few users" "${peak_memory[@]}" "${generate[@]}" --users "$few" \
    --to "$first_hour" --dry-run
  small=$(cat "$work/peak")
  timed "memory, $((few + memory_users)) users" "${peak_memory[@]}" "${generate[@]}" \
    --users $((few + memory_users)) --to "$first_hour" --dry-run
  large=$(cat "$work/peak")
  printf '%d\n' $(((large - small) * 1024 / memory_users))
}

# MB/s that memcpy does in one thread, the best of five times 256 MiB; 0 where mbw is missing.
memory_copy() {
  if command -v mbw >/dev/null; then
    mbw -q -a -n 5 -t0 256 | awk '
      /MEMCPY/ && $(NF - 1) > best { best = $(NF - 1) }
      END { printf "%.0f\n", best * 1.048576 }'
  else
    printf "bench: no memory copy: package mbw is missing; run 'make deps-bench'\n" >&2
    printf '0\n'
  fi
}

check_room
stage 'to nowhere, 1 thread' "${generate[@]}" "${week[@]}" --threads 1 --dry-run
stage 'to nowhere' "${generate[@]}" "${week[@]}" --dry-run
stage 'to files, 1 thread, 1 core' "${one_core[@]}" "${generate[@]}" "${week[@]}" --threads 1 \
  --output "$out"
stage 'to files' "${generate[@]}" "${week[@]}" --output "$out"
written=$(cat "$out"/*.ndjson | wc -l)
json_bytes=$(cat "$out"/*.ndjson | wc -c)
[ "$written" = "$expected_events" ] ||
  fail "generate says $expected_events events, but wrote $written lines"
stage 'to the log' "${generate[@]}" "${week[@]}" --log "dir:$out/log"
rm -rf "$out"

user_bytes=
if [ "${#peak_memory[@]}" -gt 0 ]; then user_bytes=$(bytes_a_user); fi

sync -f "$work"
timed 'write a file of the same size' \
  dd if=/dev/zero of="$out" bs=1M count=$((json_bytes / 1048576 + 1)) conv=fsync
rm -f "$out"
write_ms=$elapsed
copy=$(memory_copy)

printf '\ngenerate: %s users, %s to %s, seed %s: %d events, %d MB of JSON; best of %d\n' \
  "$generator_users" "$from" "$to" "$seed" "$written" $((json_bytes / 1000000)) "$rounds"
printf '%s\n' "${generator_rows[@]}" |
  awk -F '|' -v events="$written" -v bytes="$json_bytes" -v copy="$copy" -v write_ms="$write_ms" '
  function ratio(rate) { return copy > 0 ? sprintf("%.1f%%", 100 * rate / copy) : "-" }
  BEGIN {
    form = "%-28s %9s %12s %9s %10s %13s %8s\n"
    printf form, "stage", "seconds", "events/s", "MB/s", "of memcpy", "CPU s/million", "peak MB"
  }
  {
    rate = bytes / 1000 / $2
    printf form, $1, sprintf("%.2f", $2 / 1000), sprintf("%.0f", events * 1000 / $2),
      sprintf("%.0f", rate), ratio(rate), sprintf("%.2f", $3 * 1000 / events),
      ($4 > 0 ? sprintf("%.0f", $4 * 1024 / 1000000) : "-")
  }
  END {
    rate = bytes / 1000 / write_ms
    printf form, "raw write of as many bytes", sprintf("%.2f", write_ms / 1000), "",
      sprintf("%.0f", rate), ratio(rate), "", ""
    if (copy > 0) printf form, "memory copy, 1 thread", "", "", copy, "100.0%", "", ""
  }'
printf 'to files and the raw write end with fsync. CPU: user and system time of all threads.\n'
if [ -n "$user_bytes" ]; then
  printf 'Memory: %d bytes a user, from the peaks of two runs that differ by %d users.\n' \
    "$user_bytes" "$memory_users"
fi
