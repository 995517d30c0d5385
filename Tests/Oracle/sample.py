"""The first part: a small lake that ships, made by the generator, and DuckDB's answers to it, which are fixed.

`sample/lake` is a log (docs/log-format.md) whose partitions have two segments each: what the load takes, and the rest.
`sample/answers.json` has every answer, whole where it is short, else its first rows and a digest of all.
"""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import duckdb

import fresh
import lake
import marts
import registry
import site_log
from answer import Answer, parse_time
from ask import Asked
from events import Cut
from warehouse import Warehouse

FOLDER = Path(__file__).resolve().parent / "sample"
USERS = "9"
SONGS = 400
START = "2026-02-05"
END = "2026-03-14T18:20:00Z"
NOW = parse_time(END)

# Longer answers are kept as a digest.
WHOLE_ROWS = 12
FIRST_ROWS = 3

Check = fresh.Check


def segments(topic_folder: Path) -> list[list[Path]]:
    """The files of each partition, in order."""
    return [sorted(partition.glob("*.ndjson*")) for partition in sorted(topic_folder.glob("[0-9]*"))]


def cut_of_sample() -> Cut:
    """Where the second segments begin."""
    return {
        topic: {
            int(files[0].parent.name): int(files[1].name.split(".")[0])
            for files in segments(FOLDER / "lake" / topic)
        }
        for topic in lake.TOPICS.values()
    }  # fmt: skip


def copy_segments(number: int, log: Path) -> None:
    """The first or the second segments of all partitions, into a log."""
    for topic in (FOLDER / "lake").iterdir():
        for files in segments(topic):
            target = log / topic.name / files[0].parent.name
            target.mkdir(parents=True, exist_ok=True)
            for path in files[number : number + 1]:
                shutil.copy(path, target)


def make_lake(binary: Path, folder: Path) -> None:
    """The lake, anew: the same bytes, as long as the generator's are."""
    maker = Warehouse(binary, folder / "maker")
    generated = site_log.generate(maker, folder, USERS, SONGS, "--from", START, "--to", END)
    shutil.rmtree(FOLDER / "lake", ignore_errors=True)
    for part in site_log.split(generated, folder, NOW):
        before = {path: path.read_bytes() for path in maker.log.glob("*/[0-9]*/*.ndjson")}
        maker.run("import", str(part), "--log", f"dir:{maker.log}", "--partitions", "2")
        for path in sorted(maker.log.glob("*/[0-9]*/*.ndjson")):
            old = before.get(path, b"")
            offset = old.count(b"\n")
            target = FOLDER / "lake" / path.relative_to(maker.log).with_name(f"{offset:020}.ndjson.zst")
            target.parent.mkdir(parents=True, exist_ok=True)
            new = path.read_bytes()[len(old) :]
            if new:
                subprocess.run(["zstd", "-q", "-f", "--ultra", "-22", "-o", str(target)], input=new, check=True)


def asked_of_sample() -> list[tuple[str, Asked]]:
    return [(name, asked) for name in registry.QUESTIONS for asked in fresh.asked_of(name, NOW)]


def database() -> duckdb.DuckDBPyConnection:
    """With one thread: sums of floating point numbers are then the same each time."""
    return fresh.prepare(FOLDER / "lake", cut_of_sample(), threads=1)


def cell(value: object) -> object:
    return float(f"{value:.9g}") if isinstance(value, float) else value


def condensed(answer: Answer) -> dict:
    """An answer as it is kept."""
    rows = [[cell(value) for value in row] for row in answer.rows]
    kept = {"columns": list(answer.columns), "rows": len(rows)}
    if len(rows) <= WHOLE_ROWS:
        return kept | {"all": rows}
    digest = hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()
    return kept | {"first": rows[:FIRST_ROWS], "sha256": digest}


def answers(db: duckdb.DuckDBPyConnection) -> dict[str, Answer]:
    """DuckDB's answers to all that can be asked of the sample, by what was asked."""
    given = {fresh.described(name, asked): registry.QUESTIONS[name](db, asked) for name, asked in asked_of_sample()}
    return given | {name: oracle(db) for name, (oracle, _) in marts.MARTS.items()}


def make(binary: Path, folder: Path) -> None:
    """Makes lake and answers anew."""
    make_lake(binary, folder)
    lines = [
        f"{json.dumps(what)}: {json.dumps(condensed(answer), ensure_ascii=False)}" for what, answer in answers(database()).items()
    ]
    (FOLDER / "answers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    size = sum(path.stat().st_size for path in (FOLDER / "lake").rglob("*.zst"))
    print(f"oracle: wrote {size:,} bytes of lake and {len(lines)} answers to {FOLDER}")


def unlike_kept(given: dict[str, Answer]) -> list[str]:
    """Where DuckDB does not answer any more what it once did: the definitions in the oracle have changed, or the lake."""
    kept = json.loads((FOLDER / "answers.json").read_text())
    now = {what: json.loads(json.dumps(condensed(answer))) for what, answer in given.items()}
    return [
        f"{what}: kept is {json.dumps(kept.get(what))}, and DuckDB now has {json.dumps(now.get(what))}"
        for what in sorted(kept.keys() | now.keys())
        if kept.get(what) != now.get(what)
    ]


def check(warehouse: Warehouse, only: str) -> list[Check]:
    """DuckDB's answers beside those that are kept, and the warehouse's beside DuckDB's."""
    db = database()
    given = answers(db)
    changed = unlike_kept(given)
    if changed:
        return [f"the answers to the sample are others than those kept ({len(changed)}); --make-sample keeps them anew:\n  "
                + "\n  ".join(line[:600] for line in changed[:3])]  # fmt: skip
    copy_segments(0, warehouse.log)
    warehouse.in_data("load", "full")
    copy_segments(1, warehouse.log)
    warehouse.in_data("speed", "--until-caught-up")
    warehouse.keep()
    try:
        checks = [fresh.mart(warehouse, given[name], name) for name in marts.MARTS if only in name]
        checks += [
            fresh.question(warehouse, given[fresh.described(name, asked)], name, asked)
            for name, asked in asked_of_sample() if only in name
        ]  # fmt: skip
    finally:
        warehouse.close()
    return [None if check is None else f"sample: {check}" for check in checks]
