"""Measures what Polyrhythm is held to, each figure beside its bar: `make bench PART=bars`.

  USERS, DAYS     the size of the history; 10,000 users and 30 days: ten million events. With DAYS=365 and USERS=2500
                  the questions are held to the bars of a year
  EVENTS          live events a second, while questions are asked; 100
  SMOKE=1         tiny: shows that everything works
  BENCH_BINARY    Polyrhythm's binary, else .build/release/polyrhythm
  TMPDIR          where it works; everything is removed afterwards

Ratios are of one run on one machine. What stands beside Spark, DuckDB and ClickHouse is `make compare`'s.
Exit code 70 where something failed; a bar that is not met is no failure.
"""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks" / "peers"))

from cluster import Cluster, read_csv  # noqa: E402
from process import Failure, Run, output_of, say, timed  # noqa: E402

SEED = 7
FACTS = ["listen", "auth", "page_view"]
# What the page asks for, and the top lists, as metrics and the rest of the question.
CHARTS = {
    "listens by day": "metrics=listens,listeners,skip_rate&granularity=day",
    "listens by hour": "metrics=listens,active_users&granularity=hour&limit=10000",
    "plan by day": "metrics=active_users,listens&by=level&granularity=day",
    "devices": "metrics=active_users,listens&by=device_type",
    "states": "metrics=listens,listeners&by=state&limit=60",
    "pages": "metrics=page_views,errors&by=page",
    "top songs": "metrics=listens,skip_rate,listeners&by=song&limit=10",
    "top artists": "metrics=listens,skip_rate,listeners&by=artist&limit=10",
    "top users": "metrics=listens,songs&by=user&limit=10",
    "top cities": "metrics=listens,listeners&by=city&limit=10",
}


class Bars:
    """The figures, in the order in which they are measured."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str]] = []

    def add(self, name: str, value: float, bar: float, unit: str, *, at_least: bool = False) -> None:
        is_met = value >= bar if at_least else value <= bar
        sign = ">=" if at_least else "<="
        self.rows.append((name, shown(value, unit), f"{sign} {shown(bar, unit)}", "met" if is_met else "not met"))
        say(f"{name}: {shown(value, unit)}")

    def text(self) -> str:
        widths = [max(len(row[column]) for row in self.rows) for column in range(3)]
        return "\n".join(
            f"{name:<{widths[0]}}  {value:>{widths[1]}}  {bar:<{widths[2]}}  {verdict}"
            for name, value, bar, verdict in self.rows
        )


def shown(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {unit}".strip()


def setting(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        print(f"bars: {name} must be a whole number from 1 on, not '{text}'", file=sys.stderr)
        sys.exit(os.EX_USAGE)
    return int(text)


class Bench:
    def __init__(self, binary: Path, work: Path, users: int, days: int) -> None:
        self.binary, self.work, self.users, self.days = binary, work, users, days
        # The history ends before today, so that live events come after it.
        self.end = date.today() - timedelta(days=2)
        self.start = self.end - timedelta(days=days)
        self.log = work / "log"
        self.bars = Bars()
        self.cluster: Cluster

    def polyrhythm(self, name: str, *arguments) -> Run:
        return timed(name, [self.binary, *arguments], self.work / "output")

    def load(self, name: str, kind: str, database: str, log: Path) -> Run:
        place = ("--lake", log, "--database", self.cluster.url(database))
        return self.polyrhythm(name, "load", kind, *place)

    def sql(self, database: str, query: str) -> list[tuple]:
        url = self.cluster.url(database)
        return read_csv(output_of([self.binary, "sql", query, "--csv", "--database", url]))

    def generate(self, first: date, last: date, *arguments) -> None:
        self.polyrhythm(
            f"generate {first} to {last}", "generate", "--users", self.users, "--from", first, "--to", last, *arguments
        )

    # Loads

    def warehouse(self, database: str) -> None:
        """An empty one that has been loaded once, from nothing."""
        self.cluster.make_database(database)
        (self.work / "nothing").mkdir(exist_ok=True)
        self.load(f"make the warehouse {database}", "full", database, self.work / "nothing")

    def loads(self) -> int:
        self.generate(self.start, self.end, "--seed", SEED, "--log", f"dir:{self.log}")
        self.warehouse("backlog")
        place = ("--log", f"dir:{self.log}", "--database", self.cluster.url("backlog"))
        speed = self.polyrhythm("speed, from a backlog", "speed", "--until-caught-up", *place)
        self.cluster.drop_database("backlog")
        self.warehouse("main")
        load = self.load("load full", "full", "main", self.log)
        counts = "select sum(listens + page_views + logins + failed_logins) from serving.minute_totals"
        events = int(self.sql("main", counts)[0][0])
        self.bars.add("load full, events/s", events / load.seconds, 350_000, "", at_least=True)
        self.bars.add("speed from a backlog, events/s", events / speed.seconds, 450_000, "", at_least=True)
        copy = self.copy()
        self.bars.add("load full, of bare COPY of the fact rows", copy / load.seconds, 0.25, "", at_least=True)
        self.bars.add("bytes in PostgreSQL an event", self.cluster.size("main") / events, 200, "")
        self.bars.add("peak memory of a load", load.peak / 1e6, 512, "MB")
        self.bars.add("peak memory of speed", speed.peak / 1e6, 300, "MB")
        return events

    def copy(self) -> float:
        """Seconds that COPY takes for the same fact rows, binary, into logged tables without indexes."""
        files = {fact: self.cluster.directory.parent / f"{fact}.copy" for fact in FACTS}
        for fact, file in files.items():
            rows = f"select * from warehouse.fact_{fact}"
            self.cluster.execute(
                "main",
                f"copy ({rows}) to '{file}' (format binary)",
                f"create table public.bare_{fact} as {rows} limit 0",
            )
        psql = self.cluster.psql("main")
        for fact, file in files.items():
            psql += ["-c", f"\\copy public.bare_{fact} from '{file}' (format binary)"]
        seconds = timed("bare COPY", psql, self.work / "output").seconds
        for fact, file in files.items():
            self.cluster.execute("main", f"drop table public.bare_{fact}")
            file.unlink()
        return seconds

    @contextmanager
    def readers_waiting(self, name: str):
        """Reads all the time meanwhile; the longest that one reader waited is a figure. On a busy machine the time that
        the processors are busy elsewhere is in it, too."""
        script = self.work / "read.sql"
        script.write_text(
            "\\timing on\nselect sum(listens) from serving.day_totals;\n"
            "select sum(n_listens) from (select count(*) as n_listens from warehouse.fact_listen"
            f" where ts >= '{self.end - timedelta(days=1)} 12:00Z' and ts < '{self.end - timedelta(days=1)} 12:10Z') as l"
            " \\watch 0.02\n"
        )
        file = (self.work / "read.out").open("w+")
        psql = [*self.cluster.psql("main"), "-f", "-"]
        with script.open() as queries:
            reader = subprocess.Popen([str(w) for w in psql], stdin=queries, stdout=file, stderr=subprocess.STDOUT)
        time.sleep(2)
        file_start = file.tell()
        try:
            yield
        finally:
            reader.kill()
            reader.wait()
        file.seek(file_start)
        text = file.read()
        waits = [float(ms) for ms in re.findall(r"Time: ([0-9.]+) ms", text)]
        if "ERROR" in text or len(waits) < 20:
            raise Failure(f"{name}: the reader had {len(waits)} answers: {text[-300:]}")
        self.bars.add(f"longest wait of a reader during {name}", max(waits[2:]), 50, "ms")
        say(f"of {len(waits)} answers half came within {statistics.median(waits):.1f} ms")

    def one_more_day(self) -> None:
        """One more day of the same users and songs into the history, and into none."""
        following = self.end + timedelta(days=1)
        site = self.work / "site"
        self.generate(self.start, self.end, "--seed", SEED, "--export-catalogue", site)
        self.generate(self.end, following, "--seed", SEED + 1, "--catalogue", site, "--output", self.work / "day")
        alone = self.work / "log-day"
        self.warehouse("day")
        for log in (alone, self.log):
            self.polyrhythm("import the day", "import", self.work / "day", "--log", f"dir:{log}")
        few = self.load("load that day into no history", "incremental", "day", alone).seconds
        many = self.load("load that day into the history", "incremental", "main", self.log).seconds
        self.cluster.drop_database("day")
        self.bars.add(f"one more day into {self.days} days, of the same into none", many / few, 1.1, "")

    def late_events(self) -> None:
        """Four hundred events of one day, and four hundred of all days."""
        seconds = []
        for spread in (1, self.days):
            file = self.work / f"late-{spread}" / "listen_events.ndjson"
            file.parent.mkdir()
            noon = datetime.combine(self.start, datetime.min.time(), UTC) + timedelta(hours=12)
            with file.open("w") as lines:
                for n in range(400):
                    at = noon + timedelta(days=n % spread, seconds=37 * (n // spread))
                    event = {
                        "ts": int(at.timestamp() * 1000), "sessionId": 9_000_000 + 1000 * spread + n,
                        "itemInSession": 0, "level": "free", "userAgent": "bars", "city": "Austin", "state": "TX",
                        "zip": "78701", "lon": -97.7, "lat": 30.3, "userId": 77_000_000 + n, "firstName": "A",
                        "lastName": "B", "gender": "F", "registration": 1_500_000_000_000, "auth": "Logged In",
                        "artist": "Late", "song": f"Song {n % 40}", "duration": 200.5,
                    }  # fmt: skip
                    lines.write(json.dumps(event) + "\n")
            self.polyrhythm("import late events", "import", file.parent, "--log", f"dir:{self.log}")
            seconds.append(self.load(f"load late events of {spread} days", "incremental", "main", self.log).seconds)
        name = f"400 late events over {self.days} days, of the same in one"
        self.bars.add(name, seconds[1] / seconds[0], 2, "")

    # Questions

    def traffic(self, rate: int) -> tuple:
        """What a generator is told to write so many events a second, as they happen: users who are always there, with the history's
        songs. A usual site has nobody in a session when its generator begins, and so many events only an hour later."""
        file = self.work / "busy.json"
        config = json.loads((ROOT / "config" / "default.json").read_text())
        config |= {"beta": 60, "session-gap": 0, "damping": 0, "weekend-damping": 0}
        file.write_text(json.dumps(config))
        songs = self.work / "songs"
        if not songs.exists():
            self.generate(self.start, self.end, "--seed", SEED, "--export-catalogue", songs)
            (songs / "users.csv").unlink()
        return ("--config", file, "--catalogue", songs, "--users", rate * USERS_OF_RATE)

    @contextmanager
    def site(self, rate: int):
        """A server and live traffic of so many events a second; gives the server's address and process."""
        place = ("--log", f"dir:{self.log}")
        database = ("--database", self.cluster.url("main"))
        live_from = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        live = ("generate", "--continuous", *self.traffic(rate), "--from", live_from, "--seed", SEED + 2,
                "--first-user-id", 20_000_000, *place)  # fmt: skip
        commands = [live, ("speed", *place, *database), ("serve", "--listen", "127.0.0.1:0", *database)]
        processes, outputs = [], []
        try:
            for number, command in enumerate(commands):
                output = (self.work / f"live-{number}").open("w+")
                words = [str(word) for word in (self.binary, *command)]
                processes.append(subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT))
                outputs.append(output)
            address = self.address(processes[2], Path(outputs[2].name))
            yield address, processes[2].pid
            for command, process, output in zip(commands, processes, outputs, strict=True):
                if process.poll() is not None:
                    raise Failure(f"{command[0]} ended by itself: {Path(output.name).read_text()[-300:]}")
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()

    @staticmethod
    def address(process: subprocess.Popen, output: Path) -> str:
        """Where a server listens, once it says so."""
        deadline = time.monotonic() + 60
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", output.read_text())):
            if time.monotonic() > deadline or process.poll() is not None:
                raise Failure(f"serve did not start: {output.read_text()[-300:]}")
            time.sleep(0.01)
        return found.group()

    def questions(self) -> None:
        bar, name = (30, "month") if self.days <= 31 else (100, "year")
        span = urllib.parse.urlencode({"from": self.start, "to": self.end})
        with self.site(setting("EVENTS", 20 if os.environ.get("SMOKE") else 100)) as (address, process):
            urls = {chart: f"{address}/api/v1/query?{span}&{query}" for chart, query in CHARTS.items()}
            # What the site has been asked for all day.
            for url in urls.values():
                ask(url)
            waits = open_loop(list(urls.values()), rate=100, seconds=3 if os.environ.get("SMOKE") else 15)
            waits.sort()
            self.bars.add(f"ten charts of a {name} at 100 requests/s, p99", waits[int(len(waits) * 0.99)], 60, "ms")
            for chart, url in urls.items():
                waits = [ask(url, is_anew=True) for _ in range(15)]
                self.bars.add(f"{chart} over {self.days} days, made anew", statistics.median(waits), bar, "ms")
            status = Path(f"/proc/{process}/status").read_text()
            peak = int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))
        self.bars.add("peak memory of serve", peak / 1000, 300, "MB")
        # What came meanwhile is no part of the loads that are measured next.
        self.load("load what was live", "incremental", "main", self.log)

    def run(self) -> None:
        self.polyrhythm("make the cluster", "load", "full", "--data", self.work / "data")
        self.cluster = Cluster(self.work / "data")
        try:
            with self.cluster.running():
                events = self.loads()
                # Before the site is live: after that, this day's events are late ones.
                self.one_more_day()
                self.questions()
                self.late_events()
                with self.readers_waiting("an incremental load"):
                    self.generate(self.end, self.end + timedelta(days=1), "--seed", SEED + 3,
                                  "--first-user-id", 5_000_000, "--log", f"dir:{self.log}")  # fmt: skip
                    self.load("load incremental, with a reader", "incremental", "main", self.log)
                with self.readers_waiting("a full load"):
                    self.load("load full, with a reader", "full", "main", self.log)
        finally:
            # Where user postgres cannot reach TMPDIR, the cluster is elsewhere and linked to.
            if not self.cluster.directory.is_relative_to(self.work):
                shutil.rmtree(self.cluster.directory.parent, ignore_errors=True)
        cores = len(os.sched_getaffinity(0))
        print(f"\nbars: {self.users:,} users, {self.days} days, {events:,} events; {cores} cores, load average before "
              f"{LOAD_BEFORE:.1f}\n")  # fmt: skip
        print(self.bars.text())


LOAD_BEFORE = os.getloadavg()[0]
# Users who are always there for each event a second, as `Bench.traffic` has them.
USERS_OF_RATE = 82


def ask(url: str, *, is_anew: bool = False) -> float:
    """Milliseconds until the whole answer is there, which may be a kept one unless it is to be made anew."""
    asked = urllib.request.Request(url, headers={"Cache-Control": "no-cache"} if is_anew else {})
    start = time.monotonic()
    with urllib.request.urlopen(asked, timeout=30) as answer:
        answer.read()
    return (time.monotonic() - start) * 1000


def open_loop(urls: list[str], rate: int, seconds: float) -> list[float]:
    """Milliseconds of requests that begin at their time, whether or not others have been answered: from that time on."""
    waits: list[float] = []
    begin = time.monotonic() + 0.5

    def client(first: int) -> None:
        for number in range(first, int(rate * seconds), clients):
            due = begin + number / rate
            time.sleep(max(0.0, due - time.monotonic()))
            ask(urls[number % len(urls)])
            waits.append((time.monotonic() - due) * 1000)

    clients = 32
    threads = [threading.Thread(target=client, args=(first,)) for first in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(waits) != int(rate * seconds):
        raise Failure(f"{int(rate * seconds) - len(waits)} requests failed")
    return waits


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    binary = Path(os.environ.get("BENCH_BINARY") or ROOT / ".build" / "release" / "polyrhythm").resolve()
    if not os.access(binary, os.X_OK):
        print(f"bars: {binary} is not there; run 'make build' first", file=sys.stderr)
        return os.EX_SOFTWARE
    is_smoke = bool(os.environ.get("SMOKE"))
    users, days = setting("USERS", 200 if is_smoke else 10_000), setting("DAYS", 4 if is_smoke else 30)
    work = Path(tempfile.mkdtemp(prefix="polyrhythm-bars."))
    # The private cluster may belong to user postgres.
    work.chmod(0o755)
    try:
        Bench(binary, work, users, days).run()
    except Failure as failure:
        print(f"bars: {failure}", file=sys.stderr)
        return os.EX_SOFTWARE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
