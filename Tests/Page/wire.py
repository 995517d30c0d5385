"""What the page costs on the wire, counted where it arrives."""

import collections
import http.client
import json
import threading
import time
import urllib.parse
import zlib

STREAM_SECONDS = 60


class Wire:
    """Bytes that Chromium has received for a page, headers included, by path."""

    def __init__(self, page):
        self.finished = collections.Counter()
        names = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", lambda e: names.setdefault(e["requestId"], urllib.parse.urlsplit(e["request"]["url"]).path))
        session.on("Network.loadingFinished", lambda e: self.finished.update({names.get(e["requestId"], "?"): int(e["encodedDataLength"])}))

    def total(self, start=""):
        return sum(size for path, size in self.finished.items() if path.startswith(start))


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
