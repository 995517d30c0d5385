"""The second part: a log up to now, most of it loaded and its end not, and every answer about it."""

import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

import dashboards
import events
import lake
import marts
import members
import registry
import site_log
from answer import Answer
from ask import Asked
from compare import differences, report, rows_of_text
from warehouse import Warehouse

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# What is wrong with an answer; None where nothing is.
Check = str | None


def prepare(lake_folder: Path, cut: events.Cut | None, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """DuckDB with the tables event, of everything, and loaded_event, of what was there at the cut."""
    db = lake.read(lake_folder, threads)
    members.make(db)
    events.judge(db)
    events.make(db, cut, cut)
    db.execute("alter table event rename to loaded_event")
    events.make(db, None, cut)
    return db


def ranges(bucket: str, now: int) -> list[Asked]:
    """What a question is asked about by this bucket: stretches that lie in both layers, and such as facts alone have."""
    hour = -(-now // HOUR) * HOUR
    day = -(-now // DAY) * DAY
    week_ago = day - 7 * DAY
    match bucket:
        case "second":
            return [Asked("second", week_ago + 14 * HOUR, week_ago + 16 * HOUR, loaded=True)]
        case "minute":
            old = week_ago + 12 * HOUR
            return [Asked("minute", hour - 5 * HOUR, hour), Asked("minute", old, old + 3 * HOUR, loaded=True)]
        case "hour":
            return [Asked("hour", hour - 30 * HOUR, hour)]
        case "day":
            return [Asked("day", day - 9 * DAY, day), Asked("day", hour - 60 * HOUR, hour, "Europe/Berlin")]
        case _:
            return [Asked(bucket, day - 60 * DAY, day)]


def iso(ts: int) -> str:
    return datetime.fromtimestamp(ts / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def asked_of(name: str, now: int) -> list[Asked]:
    """By the hour and the day where the question allows them, and by two of the other buckets, which the questions share."""
    allowed = registry.question_files()[name]
    others = [by for by in allowed if by not in ("hour", "day")]
    turn = sorted(registry.QUESTIONS).index(name)
    taken = {others[(turn + step) % len(others)] for step in (0, len(others) // 2)} | {"hour", "day"}
    return [asked for by in allowed if by in taken for asked in ranges(by, now)]


def described(name: str, asked: Asked) -> str:
    return f"{name} by {asked.by}, {iso(asked.start)} to {iso(asked.end)}, {asked.zone}"


def question(warehouse: Warehouse, wanted: Answer, name: str, asked: Asked) -> Check:
    found = warehouse.ask(name, "--by", asked.by, "--from", iso(asked.start), "--to", iso(asked.end), "--tz", asked.zone)
    problems = differences(found, wanted)
    return report(described(name, asked), problems) if problems else None


def mart(warehouse: Warehouse, wanted: Answer, name: str) -> Check:
    problems = differences(warehouse.sql(marts.MARTS[name][1]), wanted)
    return report(name, problems) if problems else None


def dashboard(warehouse: Warehouse, db: duckdb.DuckDBPyConnection, only: str) -> list[Check]:
    """All queries at one moment: in a transaction now() stands still, and nobody writes."""
    queries = {number: sql for number, sql in registry.dashboard_queries().items() if only in number}
    if not queries:
        return []
    script = "set search_path = dashboard;\nbegin isolation level repeatable read read only;\n"
    script += "\\echo --\nselect (extract(epoch from now()) * 1000)::bigint as now;\n"
    script += "".join(f"\\echo --\n{sql.strip()};\n" for sql in queries.values())
    first, *answers = warehouse.psql(script)
    now = int(first.split("\n")[1])
    dashboards.windows(db, now)
    checks: list[Check] = []
    for (number, _), text in zip(queries.items(), answers, strict=True):
        wanted = dashboards.QUERIES[number](db, now)
        found = rows_of_text(text)
        problems = differences(found, wanted)
        if not found:
            problems.append("the warehouse has no rows, and this log has some for every query")
        checks.append(report(f"dashboard query {number} at {iso(now)}", problems) if problems else None)
    return checks


def check(warehouse: Warehouse, folder: Path, only: str) -> list[Check]:
    now = int(time.time() * 1000)
    generated = site_log.generate(warehouse, folder, site_log.USERS, site_log.SONGS, "--from", f"{site_log.DAYS}d")
    first, second = site_log.split(generated, folder, now)
    cut = site_log.fill(warehouse, first, second)
    db = prepare(warehouse.log, cut)
    warehouse.keep()
    try:
        checks = dashboard(warehouse, db, only)
        checks += [mart(warehouse, oracle(db), name) for name, (oracle, _) in marts.MARTS.items() if only in name]
        checks += [
            question(warehouse, oracle(db, asked), name, asked)
            for name, oracle in registry.QUESTIONS.items() if only in name for asked in asked_of(name, now)
        ]  # fmt: skip
    finally:
        warehouse.close()
    return checks
