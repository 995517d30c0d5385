#!/bin/bash
# Parses the DAGs of compose/airflow with a real Airflow from PyPI and runs their tasks one by one, on data of its own.
# test-airflow.sh [BINARY]; AIRFLOW_VENV keeps the installed Airflow (2 minutes, 600 MB) in that directory for the next time. Runs for 5 to 15 minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "${1:-.build/release/polyrhythm}")
work=$(mktemp -d /tmp/polyrhythm-airflow-XXXXXX)
trap 'rm -rf "$work"' EXIT
venv=${AIRFLOW_VENV:-$work/venv}
version=${AIRFLOW_VERSION:-3.3.2}

if [ ! -x "$venv/bin/airflow" ]; then
  echo "installing Airflow $version into $venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --no-cache-dir "apache-airflow==$version"
fi

export AIRFLOW_HOME=$work/airflow AIRFLOW__CORE__DAGS_FOLDER=$PWD/compose/airflow AIRFLOW__CORE__LOAD_EXAMPLES=False
export AIRFLOW__CORE__UNIT_TEST_MODE=False AIRFLOW__LOGGING__LOGGING_LEVEL=INFO
export POLYRHYTHM_BINARY=$binary POLYRHYTHM_SOURCES=$work/in POLYRHYTHM_ARCHIVE=$work/done POLYRHYTHM_DATA=$work/data
unset POLYRHYTHM_LOG POLYRHYTHM_LAKE POLYRHYTHM_DATABASE
airflow=$venv/bin/airflow
fail() { echo "test-airflow: $*" >&2; [ -f "$work/out" ] && tail -40 "$work/out" >&2; exit 1; }
quietly() { "$@" > "$work/out" 2>&1 || fail "$*"; }

quietly "$airflow" db migrate
"$airflow" dags list-import-errors > "$work/out" 2>&1 || fail "the DAGs cannot be imported"
grep -q "No data found" "$work/out" || fail "the DAGs cannot be imported"
quietly "$airflow" dags reserialize
for dag in polyrhythm_full polyrhythm_incremental; do
  [ "$("$airflow" tasks list "$dag" 2> /dev/null | grep -cxE 'check|fetch|merge|compute|load|archive|end')" = 7 ] || fail "$dag has not its 7 tasks"
done

# task DAG STEP STATE: runs the task and expects it to end so.
task() {
  # `tasks test` ends with 0 whatever becomes of the task, which its log says.
  "$airflow" tasks test "$1" "$2" 2026-01-02 > "$work/out" 2>&1 || true
  state=$(grep -oE 'new_state=[a-z_]+' "$work/out" | tail -1 | cut -d= -f2)
  [ "$state" = "$3" ] || fail "$1 $2: ${state:-no state}, and not $3"
  echo "$1 $2: $state"
}
events() { "$binary" sql --data "$work/data" --csv 'select coalesce(sum(listens), 0) from serving.day_totals' 2> /dev/null | tail -1; }

mkdir "$work/in"
task polyrhythm_full check skipped
task polyrhythm_full end success

"$binary" generate --users 50 --from 2026-01-01 --to 2026-01-03 --seed 1 --output "$work/in" 2> /dev/null
for step in check fetch merge compute load archive end; do task polyrhythm_full "$step" success; done
first=$(events)
[ "$first" -gt 0 ] || fail "nothing was loaded"
[ "$(ls "$work/in")" = truth.json ] || fail "files are left behind: $(ls "$work/in")"
[ "$(ls "$work/done" | wc -l)" = 5 ] || fail "not all files are archived: $(ls "$work/done")"

# Once more, as after a worker that died: each finds its work done.
for step in fetch load archive; do task polyrhythm_full "$step" success; done
[ "$(events)" = "$first" ] || fail "a repeated task changed what is counted"
task polyrhythm_incremental check skipped

rm "$work/in/truth.json"
"$binary" generate --users 50 --from 2026-01-03 --to 2026-01-04 --seed 1 --output "$work/in" 2> /dev/null
for step in check fetch merge compute load archive end; do task polyrhythm_incremental "$step" success; done
[ "$(events)" -gt "$first" ] || fail "the incremental load brought nothing"

printf 'no,such,header\n1,2,3\n' > "$work/in/broken.csv"
task polyrhythm_incremental check failed
grep -q 'exit code 65' "$work/out" || fail "a broken source is not named"
rm "$work/in/broken.csv"

# The whole run, branch and all: nothing is new, so that all but the end is skipped.
quietly "$airflow" dags test polyrhythm_incremental 2026-01-05
echo "test-airflow: both DAGs are parsed, each task does its work once ($first listens, then $(events))"
