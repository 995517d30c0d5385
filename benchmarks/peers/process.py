"""Runs one program at a time and measures it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


class Failure(Exception):
    """What went wrong, in one line."""


@dataclass(frozen=True)
class Run:
    """What a program took, from its start to its exit."""

    seconds: float
    # Of all processors, for it, its children, and PostgreSQL where it was told what that took.
    cpu_seconds: float
    # Of the largest process among it and its children, in bytes. PostgreSQL's processes are not among them.
    peak: int


def say(text: str) -> None:
    print(f"{Path(sys.argv[0]).stem}: {text}", file=sys.stderr, flush=True)


def timed(name: str, command: list, output: Path, env: dict[str, str] | None = None) -> Run:
    """Runs a command whose output goes to the file `output`, which is shown if the command fails."""
    say(name)
    # What was written before is on the disk before this begins, so that it costs this nothing.
    os.sync()
    with output.open("wb") as file:
        start = time.monotonic()
        # A group of its own, so that its children end with it whatever happens here.
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)
            raise
        seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.stderr.write(output.read_text(errors="replace")[-4000:])
        raise Failure(f"{name} failed with exit code {process.returncode}: {' '.join(map(str, command))}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def output_of(command: list, env: dict[str, str] | None = None, **options) -> str:
    """What a command prints."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, capture_output=True, text=True, env={**os.environ, **(env or {})}, check=False, **options
    )
    if done.returncode != 0:
        raise Failure(f"{' '.join(words)[:200]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
