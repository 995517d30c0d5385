"""Reads from Kafka beside kcat, from the same brokers in the same run: `make bench PART=kafka`.

  USERS, DAYS     the size of the history: 2,000 users and 7 days
  SMOKE=1         tiny: shows that everything works
  BENCH_BINARY    Polyrhythm's binary, else .build/release/polyrhythm
  BROKERS         HOST:PORT of a real Kafka with the empty topics listen_events, auth_events, page_view_events, songs, users and
                  polyrhythm_sources; else librdkafka's mock brokers, whose rates are the mock's: only the ratios mean something

Two shapes of the same history: few partitions with much in each, compressed as producers usually do, and many with little in each.
Beside what the clock says stands the CPU time of the process, which other load on the machine changes less.

Exit code 70 where something failed; a bar that is not met is no failure.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from mock_kafka import MockKafka

ROOT = Path(__file__).parents[1]
BINARY = os.environ.get("BENCH_BINARY") or str(ROOT / ".build/release/polyrhythm")
TOPICS = ["listen_events", "auth_events", "page_view_events"]
SMOKE = bool(os.environ.get("SMOKE"))
USERS = int(os.environ.get("USERS") or (50 if SMOKE else 2000))
DAYS = int(os.environ.get("DAYS") or (1 if SMOKE else 7))
# The mock forgets beyond 5 MB of a partition, as they came over the wire: so few partitions hold the history compressed only.
FEW, COMPRESSED = 12, "compression.type=lz4"
SPREAD = 20 if SMOKE else 96
MANY = 20 if SMOKE else 200
EVENTS = 10 if SMOKE else 60

rows: list[tuple[str, str, str]] = []


def add(name: str, value: str, bar: str) -> None:
    rows.append((name, value, bar))
    print(f"bench: {name}: {value} ({bar})", file=sys.stderr)


@dataclass
class Cost:
    """Seconds by the clock, and of the CPU in user and system mode together; not those of PostgreSQL's processes."""

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.wall + other.wall, self.cpu + other.cpu)


def run(*arguments: str, into: int = subprocess.DEVNULL) -> Cost:
    with tempfile.TemporaryFile("w+") as errors:
        begin = time.monotonic()
        process = subprocess.Popen(arguments, stdout=into, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            sys.exit(f"bench: {' '.join(arguments)} ended with {process.returncode}: {errors.read()[-2000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime)


def topics(partitions: int, catalogue: int = 1) -> dict[str, int]:
    return dict.fromkeys(TOPICS, partitions) | {"songs": catalogue, "users": catalogue, "polyrhythm_sources": 1}


def backlog(work: Path, partitions: int, *properties: str) -> None:
    """One history, written to so many partitions of each topic and read by kcat, `archive` and `speed`."""
    own = os.environ.get("BROKERS")
    shape = "brokers" if own else f"{len(TOPICS)} x {partitions} partitions{', ' + properties[0] if properties else ''}"
    with nullcontext(own) if own else MockKafka(topics(partitions, catalogue=partitions)) as brokers:
        log = f"kafka:{brokers}"
        end = time.strftime("%Y-%m-%d", time.gmtime(1_767_225_600 + DAYS * 86_400))
        written = run(
            BINARY, "generate", "--log", log, "--users", str(USERS), "--from", "2026-01-01", "--to", end, "--seed", "7",
            *(word for each in properties for word in ("--kafka-property", each)))
        size = 0
        kcat = Cost()
        records = 0
        for topic in TOPICS:
            out = work / "kcat.out"
            with out.open("wb") as file:
                kcat += run("kcat", "-C", "-q", "-e", "-b", brokers, "-t", topic, "-o", "beginning", into=file.fileno())
            with out.open("rb") as file:
                while block := file.read(1 << 20):
                    records += block.count(b"\n")
                    size += len(block)
            out.unlink()

        def told(what: str, cost: Cost, bar: str = "", beside: Cost | None = None) -> None:
            ratio = f", {beside.wall / cost.wall:.2f} of kcat" if beside else ""
            add(f"{shape}: {what}", f"{records / cost.wall:,.0f}/s{ratio}; {cost.cpu / records * 1e6:.1f} us of CPU each", bar)

        add(f"{shape}: records", f"{records:,}, {size >> 20} MiB", "")
        told("generate --log kafka:", written, ">= 300,000/s of a real broker")
        told("kcat -C", kcat)
        archive = run(BINARY, "archive", "--log", log, "--lake", str(work / f"lake-{partitions}"), "--until-caught-up")
        told("archive", archive, ">= 0.7", kcat)
        # The cluster is made first, as it would weigh in a short run.
        data = work / f"data-{partitions}"
        subprocess.run([BINARY, "load", "rollback", "--data", str(data)], capture_output=True, check=False)
        speed = run(BINARY, "speed", "--log", log, "--data", str(data), "--until-caught-up")
        told("speed", speed, ">= 0.25", kcat)


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
        backlog(Path(name), FEW, COMPRESSED)
        if not os.environ.get("BROKERS"):
            backlog(Path(name), SPREAD)
            many(Path(name))
    if not os.environ.get("BROKERS"):
        print("librdkafka's mock brokers: the rates are the mock's, and so are their limits; the ratios are ours.")
    width = max(len(row[0]) for row in rows)
    for name, value, bar in rows:
        print(f"{name:<{width}}  {value}  {bar}")
