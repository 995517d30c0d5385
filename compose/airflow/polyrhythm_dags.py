"""Polyrhythm under Airflow: a full load once, and an incremental one at midnight.

Each task is one idempotent command, `polyrhythm pipeline SOURCE… --step STEP`, and its exit code decides:

    0           done
    99          nothing new: what depends on the task is skipped, and `end` still ends the run well
    69, 74, 75  not available, the disk, stopped or busy: tried again
    any other   (65: a source is not what it says) fails at once, as trying again would not help

Settings are variables of the workers' environment. POLYRHYTHM_SOURCES: what `polyrhythm import` takes, separated by blanks (quoted as in
a shell where they have blanks themselves). POLYRHYTHM_ARCHIVE: a directory, a prefix or s3://…. POLYRHYTHM_LOG, POLYRHYTHM_LAKE and
POLYRHYTHM_DATABASE, or POLYRHYTHM_DATA. POLYRHYTHM_BINARY: the program, where it is not in PATH. For S3 the AWS_ variables.
"""

import os
import shlex
import subprocess
from datetime import datetime, timedelta, timezone

try:
    from airflow.sdk import dag, task
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
    from airflow.exceptions import AirflowFailException, AirflowSkipException

STEPS = ["check", "fetch", "merge", "compute", "load", "archive", "end"]
NOTHING_NEW = 99
TRY_AGAIN = {69, 74, 75}


def polyrhythm(step, flags):
    """Runs one step; its lines are those of the task's log."""
    words = [os.environ.get("POLYRHYTHM_BINARY", "polyrhythm"), "pipeline"]
    words += shlex.split(os.environ["POLYRHYTHM_SOURCES"]) + ["--step", step] + flags
    archive = os.environ.get("POLYRHYTHM_ARCHIVE")
    if archive:
        words += ["--archive", archive]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    last = ""
    try:
        for line in process.stdout:
            last = line.rstrip() or last
            print(line, end="", flush=True)
    finally:
        # A task that is killed takes its command with it, in good order.
        if process.poll() is None:
            process.terminate()
        code = process.wait()
    if code == 0:
        return
    if code == NOTHING_NEW:
        raise AirflowSkipException(last)
    if code in TRY_AGAIN or code < 0:
        raise RuntimeError(f"exit code {code}: {last}")
    raise AirflowFailException(f"exit code {code}: {last}")


def pipeline(dag_id, schedule, flags):
    """A DAG of all steps, one behind the other."""

    @dag(
        dag_id=dag_id,
        schedule=schedule,
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
        # An incremental load takes all that came since the last one, so that one run makes up for those that were missed.
        catchup=False,
        max_active_runs=1,
        default_args={
            "retries": 4,
            "retry_delay": timedelta(seconds=30),
            "retry_exponential_backoff": True,
        },
        doc_md=__doc__,
        tags=["polyrhythm"],
    )
    def steps():
        before = None
        for step in STEPS:
            rule = "none_failed" if step == "end" else "all_success"
            now = task(task_id=step, trigger_rule=rule)(polyrhythm)(step, flags)
            if before is not None:
                before >> now
            before = now

    return steps()


full = pipeline("polyrhythm_full", "@once", ["--full"])
incremental = pipeline("polyrhythm_incremental", "0 0 * * *", [])
