"""The page over recorded answers and a clock that stands still: the same pictures each time, without a server.

`--screens` with `--record` records; answers.json.gz has the answers by address, the first message of the live stream, and when it was."""

import gzip
import json
import os
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
KEPT = os.path.join(HERE, "answers.json.gz")
PAGE = os.path.join(HERE, "..", "..", "Sources", "ServingLayer", "Page")
CHART = ["/usr/share/javascript/chart.js/chart.min.js", "/usr/share/javascript/chart.js/Chart.min.js", "/usr/share/nodejs/chart.js/dist/chart.min.js"]
TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
# No such host: whatever is asked for is answered here.
ADDRESS = "http://recorded.invalid"

# A live stream that says one thing and stays open.
STREAM = """(() => { const message = MESSAGE; window.EventSource = class extends EventTarget {
  static CONNECTING = 0; static OPEN = 1; static CLOSED = 2;
  readyState = 1;
  constructor() { super(); setTimeout(() => this.readyState === 1 && this.dispatchEvent(new MessageEvent('minutes', { data: message })), 0); }
  close() { this.readyState = 2; }
}; })()"""

EMPTY = {"full": True, "database": "up", "as_of": None, "epoch": 1, "loaded_epoch": 0, "first_minute": None, "latest_minute": None, "settled_before": None, "rows": []}


def say(page, message):
    """Puts a stream in the place of the server's that says this message, and nothing after it."""
    page.add_init_script(STREAM.replace("MESSAGE", json.dumps(json.dumps(message))))


def asked(url):
    parts = urllib.parse.urlsplit(url)
    return parts.path + ("?" + parts.query if parts.query else "")


class Recording:
    def __init__(self, now, live, answers=None):
        self.now, self.live, self.answers = now, live, answers if answers is not None else {}

    @staticmethod
    def load():
        with gzip.open(KEPT, "rt", encoding="utf-8") as file:
            return Recording(**json.load(file))

    def save(self):
        # Without a time in its head, so that the same answers are the same file.
        with open(KEPT, "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as packed:
            packed.write(json.dumps(vars(self), separators=(",", ":"), sort_keys=True).encode())

    # MARK: Pages

    def freeze(self, page, message):
        # The clock stands still, timers run.
        page.clock.set_fixed_time(self.now)
        say(page, message)

    def record(self, page):
        """Keeps what the server answers to a page, which sees the same."""
        def answer(route):
            response = route.fetch()
            if not response.ok:
                raise AssertionError(f"{route.request.url}: {response.status} {response.text()[:300]}")
            body = response.json()
            # Plays settle meanwhile: what is asked must not depend on which answer came first.
            if body.get("settled_before") and self.live["settled_before"]:
                body["settled_before"] = min(body["settled_before"], self.live["settled_before"])
            self.answers[asked(route.request.url)] = body
            route.fulfill(json=body)
        page.route("**/api/v1/**", answer)
        self.freeze(page, self.live)

    def replay(self, page, **message):
        """Answers all that a page asks; `message` changes what the live stream says."""
        page.missing = []
        says = {**self.live, **message}

        def answer(route):
            path = asked(route.request.url)
            if path.startswith("/api/"):
                if says["latest_minute"] is None:
                    # Nothing is there, whatever is asked.
                    return route.fulfill(json={"rows": [], "loads": [], "anomalies": [], "trending": [], "from": None, "to": None})
                found = self.answers.get(path) or self.newest(path)
                if found is None:
                    page.missing.append(path)
                    return route.fulfill(status=404, json={"error": {"code": "not_recorded", "message": "not recorded"}})
                if "as_of" in message and found.get("as_of"):
                    # No answer knows of later than the stream does, or the speed layer would not be silent.
                    found = {**found, "as_of": min(found["as_of"], message["as_of"] or "")}
                return route.fulfill(json=found)
            name = path.partition("?")[0].removeprefix("/assets/").removeprefix("/") or "index.html"
            file = next(p for p in CHART if os.path.exists(p)) if name == "chart.js" else os.path.join(PAGE, os.path.basename(name))
            with open(file, encoding="utf-8") as text:
                return route.fulfill(body=text.read(), content_type=TYPES[file.rsplit(".", 1)[1]])

        page.route(ADDRESS + "/**", answer)
        self.freeze(page, says)
        return page

    def newest(self, path):
        """The newest part of a series that is recorded: a chart that comes into sight later asks for no more than that."""
        start = lambda p: dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(p).query)).get("from")
        without = lambda p: p.replace(urllib.parse.urlencode({"from": start(p)}), "") if start(p) else p
        for known, answer in self.answers.items():
            if start(path) and "granularity=none" not in path and without(known) == without(path) and start(known) < start(path):
                return {**answer, "rows": [r for r in answer["rows"] if r["time"] >= start(path)]}
        return None
