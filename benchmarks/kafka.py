"""Reads from Kafka beside kcat, from the same brokers in the same run: `make bench PART=kafka`.

  USERS, DAYS     the size of the history: 2,000 users and 7 days
  SMOKE=1         tiny: shows that everything works
  BENCH_BINARY    Polyrhythm's binary, else .build/release/polyrhythm
  BROKERS         HOST:PORT of a real Kafka with the empty topics listen_events, auth_events, page_view_events, songs, users and
                  polyrhythm_sources; else librdkafka's mock brokers, whose rates are the mock's: only the ratios mean something

Exit code 70 where something failed; a bar that is not met is no failure.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import nullcontext
from pathlib import Path

from mock_kafka import MockKafka

ROOT = Path(__file__).parents[1]
BINARY = os.environ.get("BENCH_BINARY") or str(ROOT / ".build/release/polyrhythm")
TOPICS = ["listen_events", "auth_events", "page_view_events"]
SMOKE = bool(os.environ.get("SMOKE"))
USERS = int(os.environ.get("USERS") or (50 if SMOKE else 2000))
DAYS = int(os.environ.get("DAYS") or (1 if SMOKE else 7))
# Enough that no partition comes to the 5 MB at which the mock forgets.
PARTITIONS = 96
MANY = 20 if SMOKE else 200
EVENTS = 10 if SMOKE else 60

rows: list[tuple[str, str, str]] = []


def add(name: str, value: str, bar: str) -> None:
    rows.append((name, value, bar))
    print(f"bench: {name}: {value} ({bar})", file=sys.stderr)


def run(*arguments: str, into: int = subprocess.DEVNULL) -> float:
    begin = time.monotonic()
    done = subprocess.run(arguments, stdout=into, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
    run.errors = done.stderr
    return time.monotonic() - begin


def topics(partitions: int, catalogue: int = 1) -> dict[str, int]:
    return dict.fromkeys(TOPICS, partitions) | {"songs": catalogue, "users": catalogue, "polyrhythm_sources": 1}


def backlog(work: Path) -> None:
    own = os.environ.get("BROKERS")
    with nullcontext(own) if own else MockKafka(topics(PARTITIONS, catalogue=PARTITIONS)) as brokers:
        log = f"kafka:{brokers}"
        end = time.strftime("%Y-%m-%d", time.gmtime(1_767_225_600 + DAYS * 86_400))
        seconds = run(
            BINARY, "generate", "--log", log, "--users", str(USERS), "--from", "2026-01-01", "--to", end, "--seed", "7")
        size = 0
        kcat = 0.0
        records = 0
        for topic in TOPICS:
            out = work / "kcat.out"
            with out.open("wb") as file:
                kcat += run("kcat", "-C", "-q", "-e", "-b", brokers, "-t", topic, "-o", "beginning", into=file.fileno())
            text = out.read_bytes()
            records += text.count(b"\n")
            size += len(text)
            out.unlink()
        add("records", f"{records:,}, {size >> 20} MiB", "")
        add("generate --log kafka:", f"{records / seconds:,.0f}/s", ">= 300,000/s of a real broker")
        add("kcat -C", f"{records / kcat:,.0f}/s", "")
        archive = run(BINARY, "archive", "--log", log, "--lake", str(work / "lake"), "--until-caught-up")
        add("archive", f"{records / archive:,.0f}/s, {kcat / archive:.2f} of kcat", ">= 0.7")
        # The cluster is made first, as it would weigh in a short run.
        subprocess.run([BINARY, "load", "rollback", "--data", str(work / "data")], capture_output=True, check=False)
        speed = run(BINARY, "speed", "--log", log, "--data", str(work / "data"), "--until-caught-up")
        add("speed", f"{records / speed:,.0f}/s, {kcat / speed:.2f} of kcat", ">= 0.25")


def many(work: Path) -> None:
    with MockKafka(topics(MANY), brokers=3) as brokers:
        lake = work / "many"
        begin = time.monotonic()
        archive = subprocess.Popen(
            [BINARY, "archive", "--log", f"kafka:{brokers}", "--lake", str(lake)], stderr=subprocess.DEVNULL)
        try:
            seen: list[float] = []
            for number in range(EVENTS):
                topic = TOPICS[number % 3]
                partition = number * 7919 % MANY
                path = lake / topic / str(partition)
                before = bytes_of(path)
                subprocess.run(
                    ["kcat", "-P", "-b", brokers, "-t", topic, "-p", str(partition)],
                    input=f'{{"ts":1767225600000,"n":{number}}}\n'.encode(), check=True, stderr=subprocess.DEVNULL)
                sent = begin if number == 0 else time.monotonic()
                while bytes_of(path) <= before:
                    if time.monotonic() - sent > 120:
                        sys.exit(f"bench: event {number} of {topic}/{partition} never came")
                    time.sleep(0.002)
                seen.append(time.monotonic() - sent)
            first, rest = seen[0], sorted(seen[1:])
            add(f"archive, 3 x {MANY} partitions: start until the first event", f"{first:.2f} s", "< 3 s")
            add(f"archive, 3 x {MANY} partitions: an event, p50 and p99",
                f"{rest[len(rest) // 2]:.3f} s, {rest[-1 - len(rest) // 100]:.3f} s", "p99 < 1 s")
        finally:
            archive.terminate()
            archive.wait()


def bytes_of(path: Path) -> int:
    return sum(file.stat().st_size for file in path.glob("*.ndjson")) if path.is_dir() else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="polyrhythm-kafka.") as name:
        threading.stack_size(1 << 20)
        backlog(Path(name))
        if not os.environ.get("BROKERS"):
            many(Path(name))
    if not os.environ.get("BROKERS"):
        print("librdkafka's mock brokers: the rates are the mock's, and so are their limits; the ratios are ours.")
    width = max(len(row[0]) for row in rows)
    for name, value, bar in rows:
        print(f"{name:<{width}}  {value}  {bar}")
