"""The page in a real Chromium, beside a real server. Usage: test_page.py POLYRHYTHM [CLASS[.TEST]…]

The tests of test_recorded.py need no server. They have a process and a browser of their own, beside the others: a renderer uses one
core, and the tests of a server wait for much.
"""

import base64
import csv
import io
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from browser import COLOURS, READY_MS, SECTIONS, Browser, load_all, open_empty, open_page, tile
from page_test import DAY, PageTest, Stage
from site_under_test import Site
from test_figures import Figures, Marts
from test_recorded import Accessible, Marks, Parts, Pictures
from test_references import Charts, References
from wire import LeftOpen, Wire

# What stands out: a site of two days has nothing that does.
MARTS = {"trending", "anomalies"}


class Sections(PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Before anything is stopped: a minute of this page is looked at when these tests have taken theirs.
        Stage.left_open = LeftOpen(cls.browser.page(), cls.site.address)

    def test_each_section_has_its_charts_their_tables_and_no_violation(self):
        # The other themes and widths are those of test_recorded.py.
        for theme, width in [("light", 1400)]:
            page = self.opened(f"?{DAY}", width=width, height=900, theme=theme)
            for section in SECTIONS:
                with self.subTest(section=section, theme=theme, width=width):
                    page.evaluate("s => document.querySelector(`#sections a[data-section=${s}]`).click()", section)
                    cards = load_all(page)
                    for card in cards:
                        if card["kind"] in MARTS and card["state"] == "is-empty":
                            continue
                        self.assertEqual("shown", card["state"], card)
                        self.assertGreater(card["rows"], 0, card)
                        if not card["isTable"]:
                            self.assertGreater(card["tabled"], 0, card)
                    self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), width, "wider than the screen")
                    self.axe(page)
                    self.assertPictureIsDrawn(page, width)
                    self.assertEqual([], page.problems)

    def assertPictureIsDrawn(self, page, width):
        found = page.evaluate(COLOURS, base64.b64encode(page.screenshot(clip={"x": 0, "y": 0, "width": width, "height": 700})).decode())
        self.assertEqual(width, found["width"])
        self.assertGreater(found["colours"], 40)

    def test_on_a_phone_what_is_touched_is_large_enough(self):
        page = self.opened(width=390, height=844)
        page.locator("#tools").click()
        small = page.evaluate("""() => [...document.querySelectorAll('header button, header select, header summary, .card summary, .pick-row')]
          .filter(n => n.offsetParent).map(n => [n.id || n.className, n.getBoundingClientRect().height]).filter(([, h]) => h < 44)""")
        self.assertEqual([], small)
        self.assertLessEqual(page.locator(".bar").bounding_box()["height"], 60)


class Filters(PageTest):
    def test_a_click_filters_all_and_the_chip_takes_it_off(self):
        page = self.opened(f"?{DAY}")
        chips = page.locator("#filters .filter")
        # Every chart says something: figures, or that they are not counted with this filter.
        settled = "() => [...document.querySelectorAll('#charts > section:not([hidden]) > article')].every(n => !n.classList.contains('is-loading') && !n.classList.contains('is-failed'))"
        for section, clicks in {
            "content": {"songs": "song", "artists": "artist", "genres": "genre", "albums": "album"},
            "devices": {"device-types": "device_type", "os-completion": "os", "browsers": "browser"},
            "places": {"countries": "country", "cities": "city", "regions": "region"},
            "overview": {"genders": "gender", "plans": "level"},
            "engagement": {"ages": "age_band"},
        }.items():
            page.locator(f"#sections a[data-section={section}]").click()
            load_all(page)
            for card, dimension in clicks.items():
                with self.subTest(dimension=dimension):
                    page.locator(f"#card-{card} .pick-row").first.click()
                    self.wait(page, "d => new URLSearchParams(location.search).getAll('filter').some(f => f.startsWith(d + ':'))", dimension)
                    self.assertGreater(chips.count(), 0)
                    self.wait(page, settled)
                    while chips.count():
                        chips.first.click()
                    self.assertNotIn("filter", page.url)
        self.assertEqual([], [p for p in page.problems if "400" not in p])

    def test_filtered_figures_equal_the_api(self):
        artist = self.site.rows(metrics="listens", by="artist", limit=1, **{"from": "-2d"})[0]["artist"]
        page = self.browser.page(zone="UTC")
        self.addCleanup(page.context.close)
        end = int(time.time()) // 3600 * 3600 - 3600
        iso = lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))
        span = {"from": iso(end - 20 * 3600), "to": iso(end)}
        from urllib.parse import urlencode
        open_page(page, f"{self.site.address}/?{urlencode({'filter': 'artist:' + artist, **span})}")
        expected = self.site.rows(metrics="listens", granularity="none", filter=f"artist:{artist}", **span)[0]["listens"]
        self.wait(page, "n => [...document.querySelectorAll('.tile .value')][0].textContent === n", f"{expected:,}")

    def test_a_tile_of_the_map_is_reached_by_arrow_keys(self):
        page = self.opened(f"?section=places&{DAY}")
        load_all(page)
        page.locator(".tilemap.state button", has_text="AK").focus()
        page.keyboard.press("ArrowRight")
        self.assertEqual("ME", page.evaluate("document.activeElement.textContent"))
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("filter=state%3AME"))


class Address(PageTest):
    def test_a_link_is_a_view(self):
        page = self.opened("?section=devices&range=7d&tz=Asia%2FKolkata&compare=week&grain=day&filter=level%3Apaid")
        self.assertEqual("Asia/Kolkata", page.locator("#zone").input_value())
        self.assertEqual("week", page.locator("#compare").input_value())
        self.assertEqual("day", page.locator("#grain").input_value())
        self.assertEqual("true", page.get_by_role("button", name="7 d").get_attribute("aria-pressed"))
        self.assertEqual("page", page.locator("#sections a", has_text="Devices").get_attribute("aria-current"))
        self.assertIn("Plan: Paid", page.locator("#filters").inner_text())

    def test_back_goes_back_and_nonsense_is_ignored(self):
        page = self.opened("?section=nowhere&range=9y&tz=Mars%2FBase&filter=x&from=tomorrow")
        page.locator("#sections a", has_text="Content").click()
        page.get_by_role("button", name="24 h").click()
        page.wait_for_url(re.compile("section=content&range=24h"))
        page.go_back()
        page.go_back()
        self.assertEqual("page", page.locator("#sections a", has_text="Overview").get_attribute("aria-current"))
        self.assertEqual([], page.problems)

    def test_the_pointer_zooms_and_dates_are_written(self):
        page = self.opened(f"?{DAY}")
        self.wait(page, "() => document.getElementById('card-listens')?.card.chart")
        box = page.locator("#card-listens canvas").bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 80)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 80)
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 80)
        page.mouse.up()
        page.wait_for_url(re.compile("from=.*&to="))
        page.locator("#range-summary").click()
        page.locator("#range-from").fill("2026-01-02T00:00")
        page.locator("#range-to").fill("2026-01-03T00:00")
        page.get_by_role("button", name="Show", exact=True).click()
        page.wait_for_url(re.compile("from=2026-01-02T05"))
        self.wait(page, "() => document.querySelector('#card-listens .words').textContent.startsWith('No events')")

    def test_a_wall_is_dark_and_large(self):
        page = self.opened("?wall=1")
        self.assertEqual("dark", page.evaluate("document.documentElement.dataset.theme"))
        self.assertFalse(page.locator(".toolbar").is_visible())


class Exports(PageTest):
    def test_each_chart_is_saved_as_csv_and_png(self):
        page = self.opened(f"?{DAY}")
        # Files are caught where they are made: the browser's downloads take a second each.
        page.evaluate("() => { window.made = []; URL.createObjectURL = blob => { window.made.push(blob); return '#'; }; HTMLAnchorElement.prototype.click = () => {}; }")
        for section in SECTIONS:
            page.evaluate("s => document.querySelector(`#sections a[data-section=${s}]`).click()", section)
            for card in load_all(page):
                if card["state"] == "is-empty":
                    continue
                with self.subTest(card=card["id"]):
                    lines, picture, kind = page.evaluate("""async (id) => {
                      const [csv, png] = [...document.querySelectorAll(`#card-${id} .menu-items button`)].filter(b => b.textContent.startsWith('Save'));
                      window.made = [];
                      csv.click();
                      png.click();
                      while (window.made.length < 2) await new Promise(requestAnimationFrame);
                      return [await window.made[0].text(), window.made[1].size, window.made[1].type];
                    }""", card["id"])
                    lines = list(csv.reader(io.StringIO(lines, newline="")))
                    self.assertEqual(card["columns"], lines[0])
                    self.assertEqual(card["rows"], len(lines) - 1)
                    self.assertEqual("image/png", kind)
                    self.assertGreater(picture, 8000)

    def test_a_file_is_downloaded_under_the_charts_name(self):
        page = self.opened(f"?{DAY}")
        load_all(page)
        menu = page.locator("#card-listens .menu")
        for name, ending, start in [("Save as CSV", "csv", b"time,"), ("Save as PNG", "png", b"\x89PNG")]:
            menu.locator("summary").click()
            with page.expect_download() as saved:
                menu.get_by_role("button", name=name).click()
            self.assertEqual(f"listens.{ending}", saved.value.suggested_filename)
            with open(saved.value.path(), "rb") as file:
                self.assertEqual(start, file.read(len(start)))

    def test_a_chart_shows_its_table(self):
        page = self.opened(f"?{DAY}")
        load_all(page)
        menu = page.locator("#card-listens .menu")
        menu.locator("summary").focus()
        page.keyboard.press("Enter")
        menu.get_by_role("button", name="Show as table").press("Enter")
        self.assertTrue(page.locator("#card-listens .figures table").is_visible())
        self.assertIn("batch layer", page.locator("#card-listens .figures thead").inner_text())


class Life(PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        left_open = Stage.left_open or LeftOpen(cls.browser.page(), cls.site.address)
        cls.minute = left_open.end()

    def test_the_page_moves_with_the_events(self):
        page = self.opened()
        total = "() => document.getElementById('card-listens')?.card.table?.rows.reduce((s, r) => s + (r[2] ?? 0), 0)"
        self.wait(page, total)
        before = page.evaluate(total)
        self.wait(page, f"n => ({total})() > n", before, seconds=60)

    def test_nothing_shifts(self):
        for width in [390, 1400]:
            for section in SECTIONS:
                with self.subTest(section=section, width=width):
                    page = self.browser.page(width=width, height=1900)
                    self.addCleanup(page.context.close)
                    open_page(page, f"{self.site.address}/?section={section}&{DAY}")
                    # What lies below is not asked for.
                    self.wait(page, """() => { const cards = [...document.querySelectorAll('#charts > section:not([hidden]) > article')];
                      return cards.length && cards.every(n => n.getBoundingClientRect().top > innerHeight || !n.classList.contains('is-loading')); }""")
                    shifts = page.evaluate("""() => new Promise(done => { const shifts = [];
                      new PerformanceObserver(list => { for (const e of list.getEntries()) shifts.push([e.value, e.sources.map(s => s.node?.closest?.('article')?.id)]); }).observe({ type: 'layout-shift', buffered: true });
                      requestAnimationFrame(() => requestAnimationFrame(() => done(shifts))); })""")
                    self.assertLess(sum(value for value, _ in shifts), 0.002, shifts)
                    page.context.close()

    def test_the_page_and_a_minute_of_it_are_small(self):
        page = self.browser.page()
        self.addCleanup(page.context.close)
        wire = Wire(page)
        open_page(page, self.site.address)
        self.wait(page, "() => document.getElementById('card-listens')?.card.chart")
        load_all(page)
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        Stage.stream.join()
        # Of a stream that goes on Chromium says sometimes all that it has brought, and sometimes little more than its headers.
        seen = wire.total("/api/v1/live")
        stream = max(seen, Stage.stream.first + 500)
        answers, files = wire.total("/api/") - seen, wire.total() - wire.total("/api/")
        total = files + answers + stream
        print(f"\ncold, on the wire: {total:,} bytes: {files:,} of files (Chart.js {wire.paths()['/assets/chart.js']:,}), {answers:,} of answers, {stream:,} of the stream; first paint after {paint:.0f} ms", file=sys.stderr)
        self.assertLess(total, 120_000, wire.paths())
        print(Stage.stream.words(), file=sys.stderr)
        self.assertEqual("gzip", Stage.stream.coding)
        # What a busy site makes of it, CompressedLiveTests say.
        self.assertLess(Stage.stream.bytes, 16_000)
        goes_on = Stage.stream.bytes - Stage.stream.first
        print(f"a page that is left open: {self.minute + goes_on:,} bytes a minute, {self.minute:,} of them answers", file=sys.stderr)
        self.assertLess(self.minute + goes_on, 20_000)

    def test_an_empty_warehouse_says_the_first_step(self):
        page = self.browser.page()
        self.addCleanup(page.context.close)
        open_empty(page, self.site.address)
        self.assertIn("polyrhythm generate", page.locator("#start").inner_text())
        self.axe(page)

    def test_silence_is_said_within_ten_seconds_and_so_is_its_end(self):
        page = self.opened()
        self.wait(page, "() => document.getElementById('card-listens')?.card.chart")
        try:
            self.wait_for_ten_seconds(
                page, "stale", lambda: self.site.signal("speed", signal.SIGSTOP), lambda: self.site.signal("speed", signal.SIGCONT))
            self.assertIn("The speed layer has written nothing for", page.locator("#notice").inner_text())
            self.axe(page)
        finally:
            self.site.signal("speed", signal.SIGCONT)
        page.wait_for_selector("html[data-condition='live']", timeout=READY_MS)
        self.assertFalse(page.locator("#notice").is_visible())

    def test_a_section_opened_while_the_server_is_away_says_so_and_is_drawn_when_it_is_back(self):
        page = self.opened()
        load_all(page)
        try:
            self.wait_for_ten_seconds(page, "down", self.site.stop_server, self.site.start_server)
            self.assertIn("The server has not answered", page.locator("#notice").inner_text())
            # Charts of parts that the page has, and of others that it must fetch.
            page.locator("#sections a[data-section=trends]").click()
            said = "id => document.querySelector(`#card-${id}.is-failed .words`)?.textContent.startsWith('The server does not answer. Trying again')"
            for card in ["hourly", "hour-time", "trending", "anomalies"]:
                self.wait(page, said, card)
            page.locator("#card-trending .menu summary").click()
            page.locator("#card-trending").get_by_role("button", name="Save as CSV").click()
            self.assertEqual("nothing to save", page.locator("#card-trending .badge").inner_text())
            self.axe(page)
        finally:
            self.site.start_server()
        page.wait_for_selector("html[data-condition='live']", timeout=60000)
        self.wait(page, "() => ['hourly', 'hour-time'].every(id => document.getElementById(`card-${id}`).card.chart) && !document.querySelector('.is-failed')", seconds=60)

    def test_with_the_database_down_figures_stay_and_come_back(self):
        page = self.opened()
        load_all(page)
        listens = tile(page, "Listens")
        try:
            self.wait_for_ten_seconds(page, "down", self.site.stop_database, self.site.start_database)
            self.assertIn("The database has not answered", page.locator("#notice").inner_text())
            self.assertEqual(listens, tile(page, "Listens"))
            late = self.browser.page()
            self.addCleanup(late.context.close)
            late.goto(self.site.address)
            self.wait(late, "() => document.querySelector('#card-overview-songs.is-failed')")
            self.axe(late)
        finally:
            self.site.start_database()
        page.wait_for_selector("html[data-condition='live']", timeout=60000)
        late.wait_for_selector("html[data-condition='live']", timeout=60000)
        self.wait(late, "() => document.querySelectorAll('#card-overview-songs .pick-row').length", seconds=60)


RECORDED = [Pictures, Marks, Parts, Accessible]
# Those of Life come last, as they stop what the others need.
BESIDE_A_SERVER = [Sections, Figures, Charts, References, Marts, Filters, Address, Exports, Life]


def run(classes, site):
    """Whether all went well with these tests, or with those that the arguments name."""
    if site:
        Stage.begin(site)
    try:
        Stage.browser = Browser()
        if not classes:
            return unittest.main(exit=False, verbosity=1).result.wasSuccessful()
        tests = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(c) for c in classes)
        return unittest.TextTestRunner().run(tests).wasSuccessful()
    finally:
        if Stage.browser:
            Stage.browser.close()
        if site:
            Stage.starting.join()
            site.close()


if __name__ == "__main__":
    polyrhythm = sys.argv.pop(1)
    if sys.argv[1:] == ["--recorded"]:
        sys.argv.pop()
        sys.exit(not run(RECORDED, None))
    if sys.argv[1:]:
        sys.exit(not run([], Site(polyrhythm)))
    with tempfile.TemporaryFile() as said:
        beside = subprocess.Popen([sys.executable, "-B", __file__, polyrhythm, "--recorded"], stderr=said)
        try:
            is_well = run(BESIDE_A_SERVER, Site(polyrhythm))
            is_well = beside.wait() == 0 and is_well
        finally:
            beside.terminate()
            said.seek(0)
            print(said.read().decode(), file=sys.stderr)
    sys.exit(not is_well)
