"""What the page costs on the wire, counted where it arrives."""

import collections
import http.client
import json
import threading
import time
import urllib.parse
import zlib

from browser import load_all, open_page

STREAM_SECONDS = 60


class Wire:
    """Bytes that Chromium has received for a page, headers included, by path; also of what goes on, as the live stream does."""

    def __init__(self, page):
        self.bytes, self.finished = collections.Counter(), set()
        self.requests = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", lambda e: self.requests.setdefault(e["requestId"], urllib.parse.urlsplit(e["request"]["url"]).path))
        session.on("Network.responseReceived", lambda e: self.add(e, e["response"]["encodedDataLength"]))
        session.on("Network.dataReceived", lambda e: self.add(e, e["encodedDataLength"]))
        session.on("Network.loadingFinished", self.finish)

    def add(self, event, size):
        if event["requestId"] not in self.finished:
            self.bytes[event["requestId"]] += int(size)

    def finish(self, event):
        self.bytes[event["requestId"]] = int(event["encodedDataLength"])
        self.finished.add(event["requestId"])

    def paths(self):
        """Bytes by path, the greatest first."""
        sizes = collections.Counter()
        for request, size in self.bytes.items():
            sizes[self.requests.get(request, "?")] += size
        return dict(sizes.most_common())

    def total(self, start=""):
        return sum(size for path, size in self.paths().items() if path.startswith(start))


class LeftOpen:
    """A page that is left open at the last hour while something else goes on, and what it costs but for the stream."""

    def __init__(self, page, address):
        self.page, self.wire = page, Wire(page)
        open_page(page, address)
        load_all(page)
        self.began, self.before = time.monotonic(), self.bytes()

    def bytes(self):
        # Chromium does not say reliably what a stream that goes on has brought.
        return self.wire.total("/api/") - self.wire.total("/api/v1/live")

    def end(self):
        """Bytes a minute, over one at least."""
        left = 60 - (time.monotonic() - self.began)
        self.page.wait_for_timeout(max(0, left) * 1000)
        minute = (self.bytes() - self.before) * 60 / (time.monotonic() - self.began)
        self.page.context.close()
        return round(minute)


class StreamCount(threading.Thread):
    """A minute of the live stream, as a browser asks for it."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address = urllib.parse.urlsplit(address).netloc
        self.first = self.bytes = self.plain = self.events = 0
        self.coding = None

    def run(self):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.request("GET", "/api/v1/live", headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
        answer = connection.getresponse()
        self.coding = answer.getheader("Content-Encoding")
        unpack = zlib.decompressobj(31)
        until = time.monotonic() + STREAM_SECONDS
        while time.monotonic() < until:
            piece = answer.read1(65536)
            if not piece:
                break
            text = unpack.decompress(piece)
            self.bytes += len(piece)
            self.plain += len(text)
            self.events += text.count(b"event: minutes")
            if self.events and not self.first:
                self.first = self.bytes
        connection.close()

    def words(self):
        return f"the live stream, {self.coding}: {self.first:,} bytes up to the first event, {self.bytes:,} in {STREAM_SECONDS} s ({self.events} events, {self.plain:,} before compression)"


def first_message(address):
    """What the live stream says first."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=30)
    connection.request("GET", "/api/v1/live")
    answer = connection.getresponse()
    for line in answer:
        if line.startswith(b"data: "):
            connection.close()
            return json.loads(line[6:])
    raise AssertionError("the live stream said nothing")
