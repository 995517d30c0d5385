"""Writes docs/benchmarks.md from what was measured. No number in it is typed by hand."""

import os
import platform
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cluster import Cluster
from contestants import JDBC_DRIVER, cores, spark_memory, spark_partitions
from process import Run, output_of, timed


@dataclass
class Result:
    name: str
    group: str
    # The fastest of the rounds, and bytes on the disk after it.
    run: Run
    size: int


@dataclass
class Lake:
    users: int
    days: int
    events: dict[str, int]
    # Bytes of the log, and of the copy without compression that the peers read.
    log_size: int
    plain_size: int


def commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "no commit"


def machine(work: Path, load: float) -> list[tuple[str, str]]:
    """What this runs on. The disk's rate is that of a gigabyte written and synced."""
    processor = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    disk = shutil.disk_usage(work)
    file = work / "disk"
    write = timed(
        "write a gigabyte",
        ["dd", "if=/dev/zero", f"of={file}", "bs=1M", "count=1000", "conv=fsync"],
        work / "output",
    )
    file.unlink()
    return [
        ("cores", f"{cores()}, {processor.group(1) if processor else platform.machine()}"),
        ("memory", f"{memory / 10**9:.0f} GB"),
        ("disk", f"{disk.total / 10**9:.0f} GB, {1048.576 / write.seconds:.0f} MB/s written with fsync"),
        ("load average before", f"{load:.1f}"),
    ]


def versions(cluster: Cluster) -> list[tuple[str, str]]:
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    with zipfile.ZipFile(JDBC_DRIVER) as jar:
        manifest = jar.read("META-INF/MANIFEST.MF").decode()
    driver = re.search(r"^Implementation-Version: (\S+)", manifest, re.MULTILINE)
    server = output_of([cluster.program("postgres"), "--version"]).split()[2]
    return [
        ("Polyrhythm", commit()),
        ("PostgreSQL", f"{server}, with the settings that Polyrhythm gives to its private cluster"),
        (
            "Spark",
            f"{version('pyspark')}, {java.splitlines()[0]}, `local[{cores()}]`, {spark_memory()} GB of heap,"
            f" {spark_partitions()} partitions of a shuffle",
        ),
        ("PostgreSQL JDBC driver", driver.group(1) if driver else "unknown"),
        ("DuckDB", f"{version('duckdb')}, its own settings for memory and threads"),
        (
            "ClickHouse",
            f"{version('chdb-core')} in chdb {version('chdb')}, its own settings for memory and threads",
        ),
        ("Python", platform.python_version()),
    ]


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def measured(results: list[Result], group: str, lake: Lake) -> str:
    """The rows of a group, the first of which is Polyrhythm's, to which the others are held."""
    events = sum(lake.events.values())
    rows = [result for result in results if result.group == group]
    ours = rows[0].run.seconds
    return table(
        [
            "",
            "seconds",
            "events/s",
            "time, Polyrhythm's = 1",
            "CPU, µs an event",
            "peak memory, MB",
            "bytes an event",
        ],
        [
            [
                row.name,
                f"{row.run.seconds:.1f}",
                f"{events / row.run.seconds:,.0f}",
                f"{row.run.seconds / ours:.2f}",
                f"{row.run.cpu_seconds * 10**6 / events:.1f}",
                f"{row.run.peak / 10**6:,.0f}",
                f"{row.size / events:,.0f}",
            ]
            for row in rows
        ],
    )


PAGE = """# Polyrhythm beside its peers

Written by `make compare`: every number is of one run, on one machine, over one lake, and the run fails unless all give the same
answers. {warning}

{machine}

{versions}

The lake: {users:,} users over {days} days, made by `generate` with seed {seed}, no faults: **{events:,} events** ({listens:,} listens,
{page_views:,} page views, {logins:,} logins), {plain:,.0f} MB of JSON, {log:,.0f} MB in the log.

## A full load

{load}

## A backlog, streamed

{stream}

## How it was measured

- Seconds are wall clock of the whole process, from start to exit, {rounds}. So they have the start of the JVM in them, and whatever a
  process does at its end. PostgreSQL runs all the time. Before each, what was written is synced to the disk.
- All who write to PostgreSQL write to the same one, each into a database of its own. CPU is what the process and
  PostgreSQL took of all cores, user and system; other work on the machine moves it least. Peak memory is that of the largest process
  (`ru_maxrss`), without PostgreSQL's. Bytes an event are what is on the disk afterwards: a database, a file or a directory.
  Polyrhythm's two paths share a database: after its full load the speed layer's rows are still in it, until the next load, so that this one can be
  taken back. `make bench PART=bars` measures the warehouse alone.
- The peers read a copy of the lake without compression; making it is not in their time. Polyrhythm reads its log as it is.
- Each peer is used as its documentation recommends: declared schemas, batched and rewritten inserts and persisted input in Spark, no order of
  insertion in DuckDB; in ClickHouse one insertion that fills facts and dimensions, and rollups made of the facts. The scripts are in `benchmarks/peers/`, one a peer.
- *Polyrhythm's rungs*: the totals by the minute, everything by the hour and by the day, and everything by the minute for the last
  48 hours. *By the minute*: seven rollups by the minute, for all the time.
- COPY writes the rows of Polyrhythm's own facts from files in PostgreSQL's binary format into empty logged tables of the same columns,
  without partitions, indexes and everything else.

The answers that have to agree: for each day `listens`, `completed`, `skipped`, `partial`, `listened_ms`, `page_views`, `thumbs_up`, `logins` and
`failed_logins`; the ten songs with most listens; how many users there are; and the sum of each rollup of DuckDB and ClickHouse. From streams, which have neither outcomes nor users here: the counts and
the songs. Polyrhythm's facts, its served rollups and what `speed` served before the load are held to each other as well.

## What was not compared, and why

Each of these would cost a peer more:

- **Redeliveries, late events and wild clocks.** The peers count what comes. The lake has no faults.
- **Exactly once.** Spark's `foreachBatch` counts a batch twice that died half way. The others load once, into empty files.
- **Audits, quarantine, publication in one transaction, readers meanwhile.** None of the peers has any.
- **The credit for adverts.** A page view that names no song is credited to its session's last song by Polyrhythm alone.
- **Sketches.** DuckDB stores estimates of distinct counts, which cannot be added up afterwards; Polyrhythm and ClickHouse store sketches. Spark
  has no distinct counts here.
- **Dimensions** of time and date, the kind of a device, which state of a user is current and the history of plans are made by Polyrhythm alone.
- **Incremental loads.** The peers would load everything again.
- **Queries.** How fast each answers afterwards is another matter: DuckDB and ClickHouse are made for scans, and are faster at them than
  PostgreSQL.
- **Clusters.** Everything here is on one machine. Spark is made for many.

## How to run it

`make compare`; it installs what it needs (`make deps-bench`). `USERS` and `DAYS` set the size ({users:,} and {days} here; or `EVENTS` in place of
`USERS`, about), `ROUNDS` how often each runs, of which the fastest counts, and `TMPDIR` where. `SMOKE=1` is a tiny one that shows that
everything works, and leaves this page as it is.
"""


def page(
    results: list[Result],
    lake: Lake,
    machine_rows: list[tuple[str, str]],
    version_rows: list[tuple[str, str]],
    seed: int,
    rounds: int,
    load: float,
) -> str:
    events = sum(lake.events.values())
    warnings = []
    if events < FULL_SIZE:
        warnings.append(
            f"**This is a small run, of {events:,} events**: starts and ends of processes weigh more in it than in a month of"
            " nine million, which is the default."
        )
    if load > cores() / 2:
        warnings.append(
            f"**The machine was not quiet**: a load average of {load:.1f} on {cores()} cores before it began, so that wall clock says"
            " little, and CPU more."
        )
    return PAGE.format(
        warning=" ".join(warnings),
        machine=table(["machine", ""], [list(row) for row in machine_rows]),
        versions=table(["what", "version and settings"], [list(row) for row in version_rows]),
        users=lake.users,
        days=lake.days,
        seed=seed,
        events=events,
        listens=lake.events["listen"],
        page_views=lake.events["page_view"],
        logins=lake.events["auth"],
        plain=lake.plain_size / 10**6,
        log=lake.log_size / 10**6,
        load=measured(results, "load", lake),
        stream=measured(results, "stream", lake),
        rounds="once" if rounds == 1 else f"the fastest of {rounds}",
    )


# Events from which on the page no longer says that the run was small.
FULL_SIZE = 8_000_000
