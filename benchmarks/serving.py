"""Measures what the server bears, each figure beside its bar: `make bench PART=serving`.

  USERS, DAYS     the size of the history; 10,000 users and 30 days: ten million events
  RATE, COLD      requests a second of the page's mix, warm (2,000) and with no answer kept (100)
  EVENTS          live events a second meanwhile; 2,000
  SECONDS         for which each rate is kept up; 20
  LIVE            listeners to the live stream, and idle connections beside them; 2,000
  SMOKE=1         tiny: shows that everything works
  BENCH_BINARY    Polyrhythm's binary, else .build/release/polyrhythm
  TMPDIR          where it works; everything is removed afterwards

Requests begin at their time, whether or not others have been answered (an open loop), and are measured from that time on. Their client
runs on the same processors, as do PostgreSQL, the speed layer and a site of 160,000 users who write the events. Exit code 70 where something failed; a
bar that is not met is no failure.
"""

import math
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bars import LOAD_BEFORE, ROOT, Bench, setting

sys.path.insert(0, str(ROOT / "benchmarks" / "peers"))

from cluster import Cluster  # noqa: E402
from process import Failure, say  # noqa: E402

SMOKE = bool(os.environ.get("SMOKE"))
# What the page asks for a range, as in Sources/ServingLayer/Page/app.js.
SERIES = "listens,active_users,skip_rate,completion_rate,thumbs_up,playlist_adds,skipped,logins,failed_logins,errors"
PAGE = [
    "metrics=listens,active_users,skip_rate,completion_rate,thumbs_up,errors&granularity=none&compare=previous",
    f"metrics={SERIES}&limit=20000&granularity=GRAIN",
    "metrics=listens&by=layer&limit=20000&granularity=GRAIN",
    "metrics=listens,skip_rate&by=song&limit=10",
    "metrics=listens,skip_rate,listeners&by=artist&limit=10",
    "metrics=listens&by=gender,level",
    "metrics=listens&by=device_type",
]
RANGES = {15: "minute", 60: "minute", 360: "minute", 1440: "hour", 10080: "hour"}
HEAVY = "metrics=listeners&by=song,level&granularity=hour&limit=100000&filter=level:paid"


def page(number: int) -> str:
    """The address of the page's request of this number, of one range after the other. Lists are of a range that moves, all else is of one
    that ends with the present minute, as the page asks for them."""
    minutes = list(RANGES)[number // len(PAGE) % len(RANGES)]
    end = (int(time.time()) // 60 + 1) * 60_000
    question = PAGE[number % len(PAGE)].replace("GRAIN", RANGES[minutes])
    is_list = "by=" in question and "granularity" not in question
    span = f"&from=-{minutes - 1}m&to=now" if is_list else f"&from={end - minutes * 60_000}&to={end}"
    return f"/api/v1/query?{question}{span}"


def alone(number: int) -> str:
    """The same, with a limit that this question has not had for some seconds, so that there is no answer to it: a flush comes each
    second. Lists stay short, as a long one is another question."""
    round_ = number // (len(PAGE) * len(RANGES))
    address, found = re.subn(r"&limit=(\d+)", lambda limit: f"&limit={int(limit[1]) + 1 + round_ % 60}", page(number))
    return address if found else f"{address}&limit={1000 + round_ % 60}"


def connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=30)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode()


class Connection:
    """One that is kept open, with one request on it at a time."""

    def __init__(self, port: int) -> None:
        self.socket = connect(port)
        self.socket.setblocking(False)
        self.received = b""
        self.due = 0.0

    def ask(self, path: str, due: float) -> None:
        self.due = due
        self.received = b""
        self.socket.send(request(path))

    def read(self) -> int | None:
        """The status, once all of the answer is there."""
        try:
            piece = self.socket.recv(1 << 20)
        except BlockingIOError:
            return None
        if not piece:
            raise Failure(f"the server closed a connection after {self.received[:200]!r}")
        self.received += piece
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
        return int(head[9:12]) if len(body) >= length else None


def open_loop(port: int, rate: int, seconds: float, path) -> list[float]:
    """Milliseconds of each request, sorted, infinite where it was refused as the server is busy; `path` gives its address by its number."""
    waits: list[float] = []
    poll = select.epoll()
    by_number = {}

    def another() -> Connection:
        """One more connection, where all are waited for: what is slow holds up no other request."""
        connection = Connection(port)
        by_number[connection.socket.fileno()] = connection
        poll.register(connection.socket, select.EPOLLIN)
        return connection

    idle = [another() for _ in range(64)]
    begin = time.monotonic() + 0.2
    total, sent = int(rate * seconds), 0
    deadline = begin + seconds + 60
    while len(waits) < total:
        now = time.monotonic()
        if now > deadline:
            raise Failure(f"{total - len(waits)} of {total} requests were not answered in time")
        while sent < total and begin + sent / rate <= now:
            # The one that has been idle for longest: the server closes connections on which nothing is asked.
            connection = idle.pop(0) if idle else another()
            connection.ask(path(sent), begin + sent / rate)
            sent += 1
        rest = begin + sent / rate - time.monotonic() if sent < total else 0.05
        for number, _ in poll.poll(max(0.0, rest)):
            connection = by_number[number]
            status = connection.read()
            if status is None:
                continue
            if status not in (200, 503):
                raise Failure(f"status {status}: {connection.received[:300]!r}")
            # Who is told to come back has no answer yet.
            waits.append((time.monotonic() - connection.due) * 1000 if status == 200 else math.inf)
            idle.append(connection)
    for connection in by_number.values():
        connection.socket.close()
    return sorted(waits)


def quantile(waits: list[float], part: float) -> float:
    return waits[min(len(waits) - 1, int(len(waits) * part))]


class Serving(Bench):
    def memory(self, process: int) -> float:
        status = Path(f"/proc/{process}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1000

    @contextmanager
    def another(self):
        """A second server, which has just started; gives its port."""
        output = self.work / "another"
        with output.open("w") as lines:
            words = [str(self.binary), "serve", "--listen", "127.0.0.1:0", "--database", self.cluster.url("main")]
            process = subprocess.Popen(words, stdout=lines, stderr=subprocess.STDOUT)
        try:
            yield int(self.address(process, output).rsplit(":", 1)[1])
        finally:
            process.terminate()
            process.wait()

    def rates(self, port: int) -> None:
        seconds = setting("SECONDS", 2 if SMOKE else 20)
        warm, cold = setting("RATE", 200 if SMOKE else 2000), setting("COLD", 20 if SMOKE else 100)
        waits = open_loop(port, warm, seconds, page)
        say(f"warm at {warm} requests/s: p50 {quantile(waits, 0.5):.1f} ms, p99 {quantile(waits, 0.99):.1f} ms")
        self.bars.add(f"the page's mix at {warm} requests/s, p50", quantile(waits, 0.5), 20, "ms")
        self.bars.add(f"the page's mix at {warm} requests/s, p99", quantile(waits, 0.99), 20, "ms")
        with self.another() as cold_port:
            waits = open_loop(cold_port, cold, seconds, page)
        self.bars.add(f"the same of a server that has just started, at {cold} requests/s, p99", quantile(waits, 0.99), 60, "ms")
        say(f"cold at {cold} requests/s: p50 {quantile(waits, 0.5):.1f} ms, {sum(w > 60 for w in waits)} of {len(waits):,} took longer than 60 ms")
        waits = open_loop(port, cold, seconds, alone)
        self.bars.add(f"no answer kept, at {cold} requests/s, p50", quantile(waits, 0.5), 60, "ms")
        self.bars.add(f"no answer kept, at {cold} requests/s, p99", quantile(waits, 0.99), 60, "ms")

    @contextmanager
    def crowd(self, port: int, idle: int, slow: int, heavy: int, live: int):
        """Clients that take and give nothing, or ask for much, for as long as this goes on."""
        clients = [connect(port) for _ in range(idle)]
        span = urllib.parse.urlencode({"from": self.start, "to": self.end})
        for number in range(heavy):
            clients.append(connect(port))
            clients[-1].sendall(request(f"/api/v1/query?{HEAVY}&{span}&filter=level:free{'&filter=level:' * number}"))
        streams = [connect(port) for _ in range(live)]
        for stream in streams:
            stream.sendall(request("/api/v1/live"))
        stop = threading.Event()

        def trickle() -> None:
            held = [connect(port) for _ in range(slow)]
            for client in held:
                client.sendall(b"GET / HTTP/1.1\r\nHost: local")
            while not stop.wait(1):
                for number, client in enumerate(held):
                    try:
                        client.sendall(b"h")
                    except OSError:
                        # Cut off, as it should be; another one takes its place.
                        held[number] = connect(port)

        def drain() -> None:
            poll = select.epoll()
            by_number = {stream.fileno(): stream for stream in streams}
            for stream in streams:
                poll.register(stream, select.EPOLLIN)
            while not stop.is_set():
                for number, _ in poll.poll(0.2):
                    if not by_number[number].recv(1 << 16):
                        poll.unregister(number)

        threads = [threading.Thread(target=trickle), threading.Thread(target=drain)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            for client in clients + streams:
                client.close()

    def probes(self, port: int, process: int) -> None:
        count = setting("LIVE", 50 if SMOKE else 2000)
        with self.crowd(port, idle=count, slow=count // 4, heavy=8, live=0):
            waits = open_loop(port, 20, 3 if SMOKE else 15, lambda _: "/healthz")
            self.bars.add(f"/healthz amid {count:,} idle, {count // 4} slow, 8 heavy, longest", waits[-1], 50, "ms")
            waits = open_loop(port, 20, 3 if SMOKE else 15, lambda _: "/readyz")
            self.bars.add("/readyz amid the same, longest", waits[-1], 50, "ms")
        with self.crowd(port, idle=0, slow=0, heavy=0, live=count):
            time.sleep(5 if SMOKE else 20)
            self.bars.add(f"memory of serve with {count:,} live streams", self.memory(process), 200, "MB")
            waits = open_loop(port, 20, 3, lambda _: "/healthz")
            self.bars.add(f"/healthz amid {count:,} live streams, longest", waits[-1], 50, "ms")

    def run(self) -> None:
        self.polyrhythm("make the cluster", "load", "full", "--data", self.work / "data")
        self.cluster = Cluster(self.work / "data")
        try:
            with self.cluster.running():
                self.generate(self.start, self.end, "--seed", 7, "--log", f"dir:{self.log}")
                self.warehouse("main")
                self.load("load full", "full", "main", self.log)
                with self.site(setting("EVENTS", 20 if SMOKE else 2000)) as (address, process):
                    port = int(address.rsplit(":", 1)[1])
                    open_loop(port, 50, 2, page)
                    before = self.memory(process)
                    self.rates(port)
                    self.probes(port, process)
                    # What is over is given back to the system each minute.
                    time.sleep(2 if SMOKE else 65)
                    self.bars.add("memory of serve a minute afterwards", self.memory(process), 1.2 * before, "MB")
        finally:
            if not self.cluster.directory.is_relative_to(self.work):
                shutil.rmtree(self.cluster.directory.parent, ignore_errors=True)
        cores = len(os.sched_getaffinity(0))
        print(f"\nserving, {datetime.now(UTC):%Y-%m-%d}: {self.users:,} users, {self.days} days; {cores} cores, load average "
              f"before {LOAD_BEFORE:.1f}\n")  # fmt: skip
        print(self.bars.text())


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    binary = Path(os.environ.get("BENCH_BINARY") or ROOT / ".build" / "release" / "polyrhythm").resolve()
    if not os.access(binary, os.X_OK):
        print(f"serving: {binary} is not there; run 'make build' first", file=sys.stderr)
        return os.EX_SOFTWARE
    users, days = setting("USERS", 200 if SMOKE else 10_000), setting("DAYS", 4 if SMOKE else 30)
    work = Path(tempfile.mkdtemp(prefix="polyrhythm-serving."))
    # The private cluster may belong to user postgres.
    work.chmod(0o755)
    try:
        Serving(binary, work, users, days).run()
    except Failure as failure:
        print(f"serving: {failure}", file=sys.stderr)
        return os.EX_SOFTWARE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
