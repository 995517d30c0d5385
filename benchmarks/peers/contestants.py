"""Who is compared, at what, and what each answers.

A contestant prepares, which takes no time, then runs, which is measured, and is then asked.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import answers
from cluster import Cluster, read_csv
from process import Run, output_of, timed

HERE = Path(__file__).parent
JDBC_DRIVER = Path("/usr/share/java/postgresql.jar")
# The databases of one round. Spark's are the user's who writes them.
OURS, SPARK, STREAM = "ours", "spark", "stream"
DATABASES = [OURS, SPARK, STREAM]
FACTS = ["listen", "auth", "page_view"]

OUTCOMES = ["completed", "skipped", "partial", "listened_ms"]
COUNTS = ["listens", "page_views", "thumbs_up", "logins", "failed_logins"]
MEASURES = COUNTS + OUTCOMES
SONGS = ["top_counts", "top_songs"]


@dataclass
class Bench:
    """Where one round of the comparison takes place."""

    binary: Path
    work: Path
    # The log, and a copy of it without compression for the peers.
    log: Path
    lake: Path
    cluster: Cluster
    # The time of the first minute that Polyrhythm keeps for all rollups, once it has loaded.
    minutes_from: str = ""

    def polyrhythm(self, name: str, *arguments) -> Run:
        return timed(
            name, [self.binary, *arguments, "--database", self.cluster.url(OURS)], self.work / "output"
        )

    def sql(self, query: str) -> list[tuple]:
        """What `polyrhythm sql` answers."""
        return read_csv(output_of([self.binary, "sql", query, "--csv", "--database", self.cluster.url(OURS)]))

    def python(self, name: str, script: str, *arguments) -> Run:
        return timed(name, [sys.executable, HERE / script, *arguments], self.work / "output")

    def spark(self, name: str, database: str, script: str, *arguments) -> Run:
        settings = {
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": spark_partitions(),
            "spark.local.dir": self.work / "spark",
            "spark.ui.enabled": "false",
            "spark.log.level": "WARN",
        }
        command = [Path(sys.executable).parent / "spark-submit"]
        command += ["--master", f"local[{cores()}]", "--driver-memory", f"{spark_memory()}g"]
        command += ["--jars", JDBC_DRIVER]
        for key, value in settings.items():
            command += ["--conf", f"{key}={value}"]
        environment = {
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "TZ": "UTC",
            **self.cluster.jdbc(database),
        }
        return timed(name, [*command, HERE / script, *arguments], self.work / "output", environment)

    def asked(self, script: str, *arguments) -> dict:
        """What a peer's script answers, in its last line."""
        text = output_of([sys.executable, HERE / script, "answers", *arguments])
        return json.loads(text.strip().splitlines()[-1])


@dataclass
class Contestant:
    name: str
    # The rows of the report are in groups, `load` and `stream`.
    group: str
    run: Callable[[Bench], Run]
    answer: Callable[[Bench], dict]
    # Bytes that it has on the disk afterwards.
    size: Callable[[Bench], int]
    measures: list[str] = field(default_factory=lambda: MEASURES)
    totals: list[str] = field(default_factory=lambda: [*SONGS, "users"])


def cores() -> int:
    return len(os.sched_getaffinity(0))


def spark_memory() -> int:
    """GB of heap: a third of the memory, as PostgreSQL and the page cache need some, and 8 at most."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(8, memory // 3 // 10**9))


def spark_partitions() -> int:
    """Of a shuffle. Spark's default of 200 is for clusters."""
    return 2 * cores()


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a directory."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_blocks * 512 for file in files)


def views(query: answers.Query, sums_of: list[str], day: str, totals: str, songs: str) -> dict:
    """The answers from rollups: `day` is the expression for a row's day in `totals`, `songs` gives the songs."""
    sums = ", ".join(f"sum({name})" for name in sums_of)
    days: dict = {}
    answers.by_day(
        query(f"select to_char({day}, 'YYYYMMDD'), {sums} from {totals} group by 1"), sums_of, days
    )
    return {"days": days, **answers.top(query(songs))}


SERVED_SONGS = """
    select artist, title, sum(listens) from serving.day_song join warehouse.dim_song using (song_key)
    group by song_key, artist, title order by 3 desc limit 11"""


def streamed(bench: Bench) -> dict:
    """What Polyrhythm serves while nothing is loaded."""
    return views(bench.sql, COUNTS, "day", "serving.day_totals", SERVED_SONGS)


def loaded(bench: Bench) -> dict:
    """What Polyrhythm serves after a load, with open plays as answers.py counts them."""
    answer = views(bench.sql, MEASURES, "day", "serving.day_totals", SERVED_SONGS)
    still_open = bench.sql("""
        select date_key, count(*), sum(duration_ms) from warehouse.fact_listen
        where outcome is null group by 1""")
    for day, plays, duration in still_open:
        answer["days"][day]["completed"] += int(plays)
        answer["days"][day]["listened_ms"] += int(duration)
    return answer


def truth(bench: Bench) -> dict:
    """Polyrhythm's facts: what everybody's answers have to be."""
    return {**answers.star(bench.sql, "warehouse."), "wrong_rollups": []}


def run_speed(bench: Bench) -> Run:
    return bench.polyrhythm("polyrhythm speed", "speed", "--until-caught-up", "--log", f"dir:{bench.log}")


def run_load(bench: Bench) -> Run:
    run = bench.polyrhythm("polyrhythm load full", "load", "full", "--lake", bench.log)
    since = "select to_char(minutes_from at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') from batch.published"
    # Nothing is given up in a lake that is shorter than the retention.
    bench.minutes_from = bench.cluster.query(OURS, since)[0][0] or "1970-01-01 00:00:00"
    return run


def run_stream(bench: Bench) -> Run:
    checkpoint = bench.work / "checkpoint"
    shutil.rmtree(checkpoint, ignore_errors=True)
    return bench.spark("Spark Structured Streaming", STREAM, "spark_stream.py", bench.lake, checkpoint)


def ask_stream(bench: Bench) -> dict:
    songs = """
        select artist, song, sum(listens) from minute_song
        group by artist, song, duration order by 3 desc limit 11"""
    return views(lambda sql: bench.cluster.query(STREAM, sql), COUNTS, "minute", "minute_totals", songs)


def copy_file(bench: Bench, fact: str) -> Path:
    """Where the rows of a fact are for COPY: beside the cluster, where its server may write."""
    return bench.cluster.directory.parent / f"{fact}.copy"


def copier(at_once: bool) -> Callable[[Bench], Run]:
    """The rows of the three facts, from files in binary format, into empty logged tables."""

    def run(bench: Bench) -> Run:
        # The tables are made in a transaction of their own, so that their rows are in PostgreSQL's log.
        statements = ["drop schema if exists bare cascade", "create schema bare"]
        for fact in FACTS:
            statements.append(f"create table bare.fact_{fact} (like warehouse.fact_{fact})")
            if not copy_file(bench, fact).exists():
                rows = f"select * from warehouse.fact_{fact}"
                statements.append(f"copy ({rows}) to '{copy_file(bench, fact)}' (format binary)")
        bench.cluster.execute(OURS, "set client_min_messages = warning", *statements, "checkpoint")
        script = bench.work / "copy.sh"
        psql = " ".join(map(str, bench.cluster.psql(OURS)))
        copies = [
            f"""{psql} -c "\\\\copy bare.fact_{fact} from '{copy_file(bench, fact)}' (format binary)" """
            for fact in FACTS
        ]
        lines = [f"{copy} & pids+=($!)" for copy in copies] if at_once else copies
        wait = ['for pid in "${pids[@]}"; do wait "$pid"; done'] if at_once else []
        script.write_text("\n".join(["set -e", "cd /", "pids=()", *lines, *wait]) + "\n")
        return timed("COPY, at once" if at_once else "COPY", ["bash", script], bench.work / "output")

    return run


def ask_copy(bench: Bench) -> dict:
    return answers.facts(lambda sql: bench.cluster.query(OURS, sql), "bare.")


def size_of_copy(bench: Bench) -> int:
    tables = " + ".join(f"pg_total_relation_size('bare.fact_{fact}')" for fact in FACTS)
    return int(bench.cluster.query(OURS, f"select {tables}")[0][0])


def embedded(name: str, script: str, rungs: bool) -> Contestant:
    """A peer with files of its own, from a script that loads and answers."""

    def files(bench: Bench) -> Path:
        return bench.work / Path(script).stem

    def run(bench: Bench) -> Run:
        for path in bench.work.glob(f"{files(bench).name}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        since = ["--minutes-from", bench.minutes_from] if rungs else []
        return bench.python(name, script, "load", bench.lake, files(bench), *since)

    return Contestant(
        name,
        "load",
        run,
        lambda bench: bench.asked(script, files(bench)),
        lambda bench: size_of(files(bench)),
        totals=[*SONGS, "users", "wrong_rollups"],
    )


def all_contestants() -> list[Contestant]:
    """In the order in which they run: `speed` has to find nothing loaded, and COPY takes the rows of the load."""
    return [
        Contestant(
            "Polyrhythm, `speed`: all seven views, outcomes and distinct counts included",
            "stream", run_speed, streamed, lambda bench: bench.cluster.size(OURS), COUNTS, SONGS,
        ),
        Contestant(
            "Spark Structured Streaming: five views, counts only",
            "stream", run_stream, ask_stream, lambda bench: bench.cluster.size(STREAM), COUNTS, SONGS,
        ),
        Contestant(
            "Polyrhythm, `load full`: star schema, seven rollups on all rungs, audits",
            "load", run_load, loaded, lambda bench: bench.cluster.size(OURS), MEASURES, SONGS,
        ),
        Contestant(
            "bare COPY of the fact rows, binary, one table after the other",
            "load", copier(at_once=False), ask_copy, size_of_copy, MEASURES, [],
        ),
        Contestant(
            "bare COPY of the fact rows, binary, all three tables at once",
            "load", copier(at_once=True), ask_copy, size_of_copy, MEASURES, [],
        ),
        Contestant(
            "Spark: star schema by JDBC, no rollups, no audits",
            "load",
            lambda bench: bench.spark("Spark", SPARK, "spark_load.py", bench.lake),
            lambda bench: answers.star(lambda sql: bench.cluster.query(SPARK, sql)),
            lambda bench: bench.cluster.size(SPARK),
        ),
        embedded("DuckDB: star schema, seven rollups on Polyrhythm's rungs", "duckdb_load.py", rungs=True),
        embedded("DuckDB: star schema, seven rollups by the minute", "duckdb_load.py", rungs=False),
        embedded("ClickHouse: star schema, seven rollups on Polyrhythm's rungs", "clickhouse_load.py", rungs=True),
        embedded("ClickHouse: star schema, seven rollups by the minute", "clickhouse_load.py", rungs=False),
    ]  # fmt: skip
