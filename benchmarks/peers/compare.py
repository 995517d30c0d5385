"""Compares Polyrhythm with its peers and writes docs/benchmarks.md: `make compare`.

  USERS, DAYS     the size of the lake; EVENTS in place of USERS: about as many
  ROUNDS          how often each runs; the fastest counts
  SMOKE=1         tiny: shows that everything works; writes no page
  BENCH_BINARY    Polyrhythm's binary, else .build/release/polyrhythm
  PAGE            where the page goes, else docs/benchmarks.md
  TMPDIR          where it works; everything is removed afterwards

Exit codes: 1 where answers differ, 64 for a wrong setting, 70 where something failed.
"""

import os
import shutil
import signal
import sys
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import answers
from cluster import Cluster
from contestants import DATABASES, FACTS, Bench, all_contestants, size_of, truth
from process import Failure, Run, output_of, say, timed
from report import Lake, Result, machine, page, versions

ROOT = Path(__file__).parents[2]
FROM = date(2026, 1, 1)
SEED = 7
# What one user does in a day on average, for EVENTS.
EVENTS_OF_A_USER_DAY = 30.8
# Disk that a comparison takes at its widest, for each byte of JSON: the lake twice, PostgreSQL with its log, files.
ROOM = 6


class Different(Exception):
    """Which number of whom differs, in one line."""


def number(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        print(f"compare: {name} must be a whole number from 1 on, not '{text}'", file=sys.stderr)
        sys.exit(os.EX_USAGE)
    return int(text)


def plain_copy(log: Path, lake: Path) -> None:
    """A lake whose segments are all without compression; those that are so anyway are linked to."""
    for segment in sorted(log.glob("*/*/*.ndjson*")):
        plain = lake / segment.relative_to(log).with_name(segment.name.removesuffix(".zst"))
        plain.parent.mkdir(parents=True, exist_ok=True)
        if plain.exists():
            continue
        if segment.suffix == ".zst":
            output_of(["zstd", "-dq", segment, "-o", plain])
        else:
            os.link(segment, plain)


def lines_of(lake: Path, topic: str) -> int:
    files = list(lake.glob(f"{topic}_events/*/*.ndjson"))
    return sum(int(output_of(["wc", "-l", file]).split()[0]) for file in files)


def make_lake(binary: Path, work: Path, users: int, days: int) -> Lake:
    """The log below work/log and its copy below work/lake."""
    timed(
        f"generate {users} users, {days} days",
        [
            *(binary, "generate", "--users", users, "--seed", SEED, "--log", f"dir:{work / 'log'}"),
            *("--from", FROM, "--to", FROM + timedelta(days=days)),
        ],
        work / "output",
    )
    json_size = size_of(work / "log")
    free = shutil.disk_usage(work).free
    if json_size * (ROOM - 1) > free:
        raise Failure(
            f"needs about {json_size * (ROOM - 1) >> 20} MiB more in {work}, which has {free >> 20}; set TMPDIR or USERS"
        )
    plain_copy(work / "log", work / "lake")
    events = {topic: lines_of(work / "lake", topic) for topic in FACTS}
    if not all(events.values()):
        raise Failure(f"generate made no events of some topic: {events}")
    return Lake(users, days, events, size_of(work / "log"), size_of(work / "lake"))


def one_round(bench: Bench, best: dict[str, Result]) -> None:
    """Runs everybody, keeps who was faster than before, and compares the answers."""
    for database in DATABASES:
        bench.cluster.make_database(database)
    # The first use of a database makes the schema. That is not measured.
    (bench.work / "nothing").mkdir(exist_ok=True)
    bench.polyrhythm("make the warehouse", "load", "full", "--lake", bench.work / "nothing")
    contestants = all_contestants()
    given = []
    for contestant in contestants:
        before = bench.cluster.cpu_seconds()
        run: Run = contestant.run(bench)
        server = bench.cluster.cpu_seconds() - before
        run = replace(run, cpu_seconds=run.cpu_seconds + server)
        say(f"{run.seconds:.1f} s, {run.cpu_seconds:.1f} s of the processors")
        given.append(contestant.answer(bench))
        result = Result(contestant.name, contestant.group, run, contestant.size(bench))
        if contestant.name not in best or run.seconds < best[contestant.name].run.seconds:
            best[contestant.name] = result
    facts = truth(bench)
    for contestant, answer in zip(contestants, given, strict=True):
        different = answers.difference(answer, facts, contestant.measures, contestant.totals)
        if different:
            raise Different(f"{contestant.name}: {different}")
    say(f"all {len(contestants)} give the same answers")
    for database in DATABASES:
        bench.cluster.drop_database(database)


def compare(binary: Path, work: Path) -> None:
    is_smoke = bool(os.environ.get("SMOKE"))
    days = number("DAYS", 2 if is_smoke else 30)
    users = number("USERS", 200 if is_smoke else 10_000)
    if os.environ.get("EVENTS") and not os.environ.get("USERS"):
        users = max(1, round(number("EVENTS", 1) / days / EVENTS_OF_A_USER_DAY))
    rounds = number("ROUNDS", 1)

    load = os.getloadavg()[0]
    machine_rows = machine(work, load)
    lake = make_lake(binary, work, users, days)
    # The first use of a data directory makes the cluster.
    timed("make the cluster", [binary, "load", "full", "--data", work / "data"], work / "output")
    cluster = Cluster(work / "data")
    try:
        with cluster.running():
            bench = Bench(binary, work, work / "log", work / "lake", cluster)
            best: dict[str, Result] = {}
            for _ in range(rounds):
                one_round(bench, best)
            results = list(best.values())
            text = page(results, lake, machine_rows, versions(cluster), SEED, rounds, load)
    finally:
        # Where user postgres cannot reach TMPDIR, the cluster is elsewhere and linked to.
        if not cluster.directory.is_relative_to(work):
            shutil.rmtree(cluster.directory.parent, ignore_errors=True)
    if is_smoke and not os.environ.get("PAGE"):
        print(text)
        say("SMOKE: sizes too small for the figures to mean anything; no page is written")
        return
    target = Path(os.environ.get("PAGE") or ROOT / "docs" / "benchmarks.md")
    target.write_text(text)
    say(f"wrote {target}")


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    binary = Path(os.environ.get("BENCH_BINARY") or ROOT / ".build" / "release" / "polyrhythm").resolve()
    if not os.access(binary, os.X_OK):
        print(f"compare: {binary} is not there; run 'make build' first", file=sys.stderr)
        return os.EX_SOFTWARE
    work = Path(tempfile.mkdtemp(prefix="polyrhythm-compare."))
    # The private cluster may belong to user postgres.
    work.chmod(0o755)
    try:
        compare(binary, work)
    except Different as difference:
        print(f"compare: {difference}", file=sys.stderr)
        return 1
    except Failure as failure:
        print(f"compare: {failure}", file=sys.stderr)
        return os.EX_SOFTWARE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
