"""A log with everything that the definitions speak of: most of it loaded, its end with the speed layer alone."""

import csv
from pathlib import Path

import oddities
from events import Cut
from lake import TOPICS
from warehouse import Warehouse

SEED = "11"
USERS = "60"
SONGS = 4_000
DAYS = 37
MINUTE = 60_000
HOUR = 60 * MINUTE
FAULTS = (
    "--late-fraction 0.01 --late-by 1m..3h --duplicate-fraction 0.02 --duplicate-by 0s..40m --countries US=8,CA=1,DE=1"
    " --growth-rate 2 --groups control=2,test=1"
).split()

# How long before now the load's share of each topic ends.
SHARES = {"listen_events": HOUR // 2, "page_view_events": 3 * HOUR, "auth_events": 9 * HOUR}


def make_catalogue(warehouse: Warehouse, folder: Path, size: int) -> None:
    """The most popular songs of the generator's own catalogue, where every fifth one has a second artist."""
    warehouse.run("generate", "--export-catalogue", str(folder), "--seed", SEED)
    (folder / "users.csv").unlink()
    path = folder / "tracks.csv"
    with path.open(newline="") as file:
        songs = list(csv.DictReader(file))[:size]
    artists = [song["artists"] for song in songs]
    for number, song in enumerate(songs):
        if number % 5 == 0:
            song["artists"] += ";" + artists[(7 * number + 3) % len(artists)]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, songs[0].keys())
        writer.writeheader()
        writer.writerows(songs)


def generate(warehouse: Warehouse, folder: Path, users: str, songs: int, *span: str) -> Path:
    """Files of events of a span, which is given in flags of `generate`."""
    make_catalogue(warehouse, folder / "catalogue", songs)
    warehouse.run(
        "generate", "--users", users, "--seed", SEED, *span,
        "--catalogue", str(folder / "catalogue"), "--output", str(folder / "generated"), *FAULTS,
    )  # fmt: skip
    return folder / "generated"


def split(generated: Path, folder: Path, now: int) -> tuple[Path, Path]:
    """Two folders to import: what is loaded, and what comes after it."""
    first, second = folder / "first", folder / "second"
    first.mkdir()
    second.mkdir()
    at = now - 50 * MINUTE
    early, late = oddities.early(at), oddities.late(at, now)
    for topic in TOPICS.values():
        lines = (generated / f"{topic}.ndjson").read_text().splitlines()
        end = next((n for n, line in enumerate(lines) if time_of(line) >= now - SHARES[topic]), len(lines))
        write(first / f"{topic}.ndjson", lines[:end] + early[topic] + oddities.broken())
        write(second / f"{topic}.ndjson", oddities.broken()[:2] + lines[end:] + late[topic])
    # The songs that were met last come to be known late.
    for topic in ("songs", "users"):
        lines = (generated / f"{topic}.ndjson").read_text().splitlines()
        end = len(lines) * 9 // 10
        write(first / f"{topic}.ndjson", lines[:end])
        write(second / f"{topic}.ndjson", lines[end:] + oddities.catalogue()[topic])
    return first, second


def time_of(line: str) -> int:
    """The time of an event, which the generator writes first."""
    return int(line[len('{"ts":') : line.index(",")])


def write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))


def ends(log: Path) -> Cut:
    """Where the partitions of a log that nobody writes end now: how many lines they have, as offsets begin with 0."""
    found: Cut = {}
    for topic in TOPICS.values():
        for partition in log.glob(f"{topic}/[0-9]*"):
            count = sum(path.read_bytes().count(b"\n") for path in partition.glob("*.ndjson"))
            if list(partition.glob("*.zst")):
                raise SystemExit(f"oracle: {partition} has sealed segments already, so its end is not known")
            found.setdefault(topic, {})[int(partition.name)] = count
    return found


def fill(warehouse: Warehouse, first: Path, second: Path) -> Cut:
    """Imports and loads the first part, and gives the second one to the speed layer. Where the load's part ends."""
    warehouse.in_data("import", str(first))
    cut = ends(warehouse.log)
    warehouse.in_data("load", "full")
    warehouse.in_data("import", str(second))
    warehouse.in_data("speed", "--until-caught-up")
    return cut
