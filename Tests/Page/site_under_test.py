"""A small site of its own: history, one load, both layers, events that go on, and the server with the page."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

START_SECONDS = 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds):
    """Returns what the condition does as soon as that is true; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


class Site:
    countries = "US=9,CA=1,GB=1,DE=1"

    def __init__(self, polyrhythm, users=1200, days=2, seed=5):
        self.polyrhythm = os.path.abspath(polyrhythm)
        self.folder = tempfile.mkdtemp(prefix="polyrhythm-page-")
        os.chmod(self.folder, 0o755)
        self.processes = {}
        self.address = f"http://127.0.0.1:{free_port()}"
        self.generated = ["generate", "--users", str(users), "--seed", str(seed), "--countries", self.countries]
        self.days = days

    def start(self):
        # One generator for history and what goes on: a second one would have the history once more, or begin with nobody there.
        self.begin("generate", *self.generated, "--from", f"{self.days}d", "--continuous")
        self.wait_for_history()
        self.start_server()
        self.run("load", "full")
        self.begin("speed", "speed")
        wait_for("both layers", lambda: (self.ask("/readyz") or {}).get("speed_age_seconds") is not None, START_SECONDS)
        return self

    def wait_for_history(self):
        """Until the log grows no faster than by what happens now."""
        size = lambda: sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(os.path.join(self.folder, "log")) for name in names)
        calm, before, deadline = 0, 0, time.monotonic() + 300
        while calm < 4:
            if time.monotonic() > deadline:
                raise AssertionError("the history: not within 300 s")
            time.sleep(1)
            now = size()
            calm = calm + 1 if before > 0 and now - before < 20_000 else 0
            before = now

    def run(self, *arguments):
        done = subprocess.run([self.polyrhythm, *arguments, "--data", self.folder], capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise AssertionError(f"polyrhythm {' '.join(arguments)}: {done.stderr[-2000:]}")
        return done.stdout

    def begin(self, name, *arguments):
        with open(os.path.join(self.folder, f"{name}.log"), "ab") as log:
            self.processes[name] = subprocess.Popen([self.polyrhythm, *arguments, "--data", self.folder], stdout=log, stderr=log)

    def read(self, *path):
        with open(os.path.join(self.folder, *path), encoding="utf-8") as file:
            return file.read().strip()

    def answers(self, path):
        """The answer of now: one that is kept may be a second older than what the page has been shown."""
        request = urllib.request.Request(self.address + path, headers={"Cache-Control": "no-cache"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except OSError:
            return None

    def ask(self, path, **parameters):
        body = self.answers(path + ("?" + urllib.parse.urlencode(parameters, doseq=True) if parameters else ""))
        return json.loads(body) if body else None

    def query(self, **parameters):
        """Asked again where a busy server says so."""
        return wait_for("an answer", lambda: self.ask("/api/v1/query", **parameters), START_SECONDS)

    def rows(self, **parameters):
        return self.query(**parameters)["rows"]

    # MARK: What goes wrong

    def signal(self, name, number):
        self.processes[name].send_signal(number)

    def start_server(self):
        self.begin("serve", "serve", "--listen", self.address.removeprefix("http://"))
        wait_for("the server", lambda: self.answers("/healthz"), START_SECONDS)

    def stop_server(self):
        self.processes["serve"].terminate()
        self.processes["serve"].wait(60)

    def stop_database(self):
        """Stops PostgreSQL, and keeps those that would start it again from doing so."""
        data = os.path.join(self.folder, "postgres", "data")
        os.rename(os.path.join(data, "PG_VERSION"), os.path.join(data, "PG_VERSION.away"))
        with open(os.path.join(data, "postmaster.pid")) as file:
            os.kill(int(file.readline()), signal.SIGINT)

    def start_database(self):
        data = os.path.join(self.folder, "postgres", "data")
        os.rename(os.path.join(data, "PG_VERSION.away"), os.path.join(data, "PG_VERSION"))

    def close(self):
        for name in ["generate", "speed", "serve"]:
            process = self.processes.get(name)
            if process is None:
                continue
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
