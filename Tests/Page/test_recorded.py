"""The page over recorded answers: its pictures are those of docs/screens, and the rules of accessibility hold. Part of test_page.py."""

import datetime
import json
import os
import re
import tempfile
import unittest

from browser import SECTIONS, load_all
from page_test import DAY, Stage, axe
from pictures import PICTURES, difference, shown, take
from recorded import ADDRESS, PAGE, STREAM, Recording, asked

KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "screens")
# What goes wrong in the drawing: a chart without its lines, a card that is gone, charts in other colours, the thin bars of one list, those of
# another one that are not there, the lines of the key figures, and one of them; lists that are not there, another ground, all of it further to the
# right, one list's bars in the red of what is wrong.
BREAKS = {
    "overview": [
        ".kind-layers canvas { visibility: hidden; }", "#card-users { display: none; }", ".kind-layers canvas { filter: hue-rotate(120deg); }",
        "#card-overview-songs .bar-line { filter: hue-rotate(90deg); }", "#card-plans-by-gender .bar-line { visibility: hidden; }",
        ".spark { filter: hue-rotate(180deg); }", ".tile:first-child .spark { filter: hue-rotate(180deg); }", "#card-users canvas { filter: hue-rotate(120deg); }",
    ],
    "content": [".list { display: none; }", "body { background: #000; }", "main { padding-left: 90px; }", "#card-genres .bar-line { background: var(--bad) !important; }"],
}


class RecordedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Stage.browser
        cls.recording = Recording.load()

    axe = axe

    def shown(self, name, **more):
        page = shown(self.browser, self.recording, name, **more)
        self.addCleanup(page.context.close)
        return page

    def compared(self, name, page):
        """How far a page is from the picture of its name."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, f"{name}.png")
            take(page, name, path)
            return difference(os.path.join(KEPT, f"{name}.png"), path)


class Pictures(RecordedTest):
    def test_each_picture_is_the_one_that_is_kept(self):
        for name in PICTURES:
            with self.subTest(picture=name):
                page = self.shown(name)
                words, *_ = self.compared(name, page)
                self.assertEqual("", words, "not that of docs/screens; where it should be so, draw anew: scripts/test-page.sh POLYRHYTHM --screens")
                self.assertEqual([], page.missing, "answers that are not recorded; draw anew with --screens --record")
                self.assertEqual([], page.problems)
                page.context.close()

    def test_what_is_drawn_wrongly_is_found(self):
        for name, styles in BREAKS.items():
            page = self.shown(name)
            for style in styles:
                with self.subTest(picture=name, style=style):
                    tag = page.add_style_tag(content=style)
                    words, *numbers = self.compared(name, page)
                    tag.evaluate("node => node.remove()")
                    self.assertNotEqual("", words, numbers)

    def test_another_font_is_no_difference(self):
        for name in ["overview", "content", "overview-live"]:
            with self.subTest(picture=name):
                page = self.shown(name, style="body { font-family: 'DejaVu Serif', 'DejaVu Sans Mono', monospace; font-kerning: none; }")
                words, *_ = self.compared(name, page)
                self.assertEqual("", words)


class Marks(RecordedTest):
    """What the axis of a chart over time is marked with."""

    def frame(self, page):
        return page.evaluate("(({ marks, late, gaps, odd, times }) => ({ marks, late, gaps, odd, start: new Date(times[0]).toISOString() }))(document.getElementById('card-listens').card.canvas.frame)")

    def remarks(self, page, t):
        return page.evaluate("t => { const { times, remarks } = document.getElementById('card-listens').card.result.model; return remarks(times.findLastIndex(start => start <= t)); }", t)

    def test_loads_and_the_late_events_they_brought_are_marked(self):
        page = self.shown("overview")
        loads = self.recording.answers["/api/v1/loads"]["loads"]
        frame = self.frame(page)
        in_range = [load for load in loads if load["finished_at"] >= frame["start"]]
        self.assertEqual(len(in_range), len(frame["marks"]))
        self.assertGreater(len(in_range), 0)
        days = [(load["load_run_id"], day) for load in loads for day in load["late_days"] or []]
        self.assertEqual([f"Load #{run} brought {day['events']} late events" for run, day in days], [mark["text"].partition(",")[0] for mark in frame["late"]])
        self.assertGreater(len(days), 0)
        self.assertTrue(any("late events" in line for line in self.remarks(page, frame["late"][0]["t"])))

    def test_a_stretch_without_events_is_a_gap(self):
        asked = next(path for path in self.recording.answers if "songs%2Clogins" in path and "granularity=hour" in path)
        rows = self.recording.answers[asked]["rows"]
        without = Recording(self.recording.now, self.recording.live, {**self.recording.answers, asked: {**self.recording.answers[asked], "rows": rows[:8] + rows[12:]}})
        page = shown(self.browser, without, "overview")
        self.addCleanup(page.context.close)
        [[start, end]] = self.frame(page)["gaps"]
        self.assertEqual(4 * 3600000, end - start)
        self.assertEqual([None, None], page.evaluate("document.getElementById('card-listens').card.table.rows[9].slice(1)"))

    def test_the_course_of_a_key_figure_has_steps_where_events_are_few(self):
        # By the hour, as at night there are few songs in a minute, and the answers may have been recorded then.
        for screen, says in [("overview-live", [("Logins", "V", "L"), ("Likes", "V", "L"), ("Skip rate", "L", "V")]), ("overview", [("Songs played", "L", "V")])]:
            courses = self.shown(screen).evaluate("() => Object.fromEntries([...document.querySelectorAll('.tile')].map(n => [n.querySelector('h2').textContent, n.querySelector('path').getAttribute('d')]))")
            for title, command, other in says:
                with self.subTest(title=title):
                    self.assertIn(command, courses[title])
                    self.assertNotIn(other, courses[title])

    def test_a_wall_shows_what_is_below_and_then_the_next_section(self):
        # Turns come sooner, and each is noted.
        page = self.shown("wall", script="""(() => { const real = setInterval; window.turns = [];
          window.setInterval = (work, ms) => real(ms === 20000 ? () => { if (window.isWatched) { work(); turns.push([document.title, scrollY]); } } : work, ms === 20000 ? 300 : ms); })()""")
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.evaluate("scrollTo(0, 0); window.isWatched = true")
        page.wait_for_function("() => turns.some(([title]) => title.startsWith('Engagement'))", timeout=60000)
        turns = page.evaluate("turns")
        below = [y for title, y in turns if title.startswith("Overview")]
        self.assertGreater(len(below), 0)
        self.assertEqual(sorted(set(below)), below)
        self.assertEqual(0, next(y for title, y in turns if title.startswith("Engagement")))


class Parts(RecordedTest):
    """What is loaded for a section, and what is said where it cannot be."""

    IMPORT = re.compile(r'^import .* from "\./(\w+)\.js"', re.M)

    def imports(self, name):
        with open(os.path.join(PAGE, f"{name}.js"), encoding="utf-8") as file:
            return set(self.IMPORT.findall(file.read()))

    def always(self):
        """The modules that the page has from the start."""
        known, found = set(), {"app"}
        while found:
            known |= found
            found = set().union(*map(self.imports, found)) - known
        return known

    def opened(self, query, broken=None):
        """A page of which the first request for a file gets no answer."""
        page = self.browser.page(height=2200, zone="UTC")
        self.addCleanup(page.context.close)
        self.recording.replay(page)
        page.asked = []
        page.on("request", lambda request: page.asked.append(asked(request.url)))
        if broken:
            page.route(f"{ADDRESS}/assets/{broken}*", lambda route: route.abort(), times=1)
        page.goto(f"{ADDRESS}/{query}")
        return page

    def test_what_the_page_has_from_the_start_is_asked_for_at_once_and_parts_bring_nothing_more(self):
        with open(os.path.join(PAGE, "index.html"), encoding="utf-8") as file:
            preloaded = set(re.findall(r'modulepreload" href="/assets/(\w+)\.js"', file.read()))
        always = self.always()
        self.assertEqual(always - {"app"}, preloaded)
        others = {name[:-3] for name in os.listdir(PAGE) if name.endswith(".js")} - always
        self.assertGreater(len(others), 4)
        for part in others:
            self.assertLessEqual(self.imports(part), always, part)

    def test_a_section_asks_for_nothing_that_it_does_not_show(self):
        others = {"hours", "loads", "marts", "members", "pictures", "worldmap"}
        for section, own in [("overview", set()), ("loads", {"loads"}), ("trends", {"hours", "marts"}), ("devices", {"members"})]:
            with self.subTest(section=section):
                page = self.opened(f"?section={section}&{DAY}")
                load_all(page)
                self.assertEqual(own, {name for name in others if f"/assets/{name}.js" in page.asked})
                tiles = [path for path in page.asked if "granularity=none" in path and "songs%2Clogins" in path]
                self.assertEqual(section != "loads", bool(tiles))
                page.context.close()

    def test_a_part_that_cannot_be_fetched_is_told_and_asked_for_again(self):
        for broken, card, drawn in [("marts.js", "trending-artists", ".pick-row"), ("hours.js", "week", ".cell"), ("chart.js", "hourly", "canvas")]:
            with self.subTest(file=broken):
                page = self.opened(f"?section=trends&{DAY}", broken)
                page.wait_for_selector(f"#card-{card}.is-failed")
                self.assertIn("Trying again", page.locator(f"#card-{card} .words").inner_text())
                load_all(page)
                page.wait_for_selector(f"#card-{card}:not(.is-failed) {drawn}")
                self.assertFalse(page.locator(f"#card-{card} .words").is_visible())
                page.context.close()

    def test_the_figures_of_the_day_wait_for_the_stream_to_say_how_far_events_have_come(self):
        page = self.browser.page(height=1600, zone="UTC")
        self.addCleanup(page.context.close)
        self.recording.replay(page)
        page.add_init_script(STREAM.replace("MESSAGE", json.dumps(json.dumps(self.recording.live))).replace(", 0); }", ", 900); }"))
        page.goto(f"{ADDRESS}/?{DAY}")
        load_all(page)
        self.assertGreater(page.locator("#card-today dd").count(), 0, page.locator("#card-today .words").inner_text())

    def test_a_file_that_cannot_be_made_is_told(self):
        page = self.opened(f"?{DAY}", "pictures.js")
        load_all(page)
        card = page.locator("#card-listens")
        card.locator(".menu summary").click()
        card.get_by_role("button", name="Save as CSV").click()
        page.wait_for_function("() => document.querySelector('#card-listens .badge').textContent === 'not saved: The server does not answer'")


# What can be touched, and is smaller than a finger.
SMALL = """() => [...document.querySelectorAll('button, a[href], select, input, summary')].filter(n => n.offsetParent)
  .map(n => [n.id || n.className, n.closest('article')?.id ?? null, n.offsetWidth, n.offsetHeight]).filter(([, , w, h]) => w > 1 && Math.min(w, h) < 44)"""


class Accessible(RecordedTest):
    def test_no_section_breaks_a_rule_in_the_dark_or_on_a_phone(self):
        for theme, width in [("dark", 1100), ("light", 360), ("dark", 390)]:
            page = self.shown("overview", theme=theme, width=width)
            for section in SECTIONS:
                with self.subTest(section=section, theme=theme, width=width):
                    page.evaluate("s => document.querySelector(`#sections a[data-section=${s}]`).click()", section)
                    load_all(page)
                    self.axe(page)
                    self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), width, "wider than the screen")
                    if width < 400:
                        self.assertEqual([], page.evaluate(SMALL), "too small for a finger")

    def test_on_a_phone_the_map_of_the_states_stays_where_it_was_moved(self):
        page = self.shown("overview", width=390)
        page.evaluate("document.querySelector('#card-overview-states .tilemap').scrollLeft = 90")
        tiles = page.locator("#card-overview-states .tilemap").element_handle()
        page.evaluate("document.getElementById('card-overview-states').card.redraw()")
        page.wait_for_function("old => !old.isConnected", arg=tiles)
        self.assertEqual(90, page.evaluate("document.querySelector('#card-overview-states .tilemap').scrollLeft"))

    def test_every_country_can_be_chosen_by_keyboard(self):
        page = self.shown("places")
        known = page.evaluate("document.getElementById('card-world').card.table.rows.length")
        self.assertGreater(known, 12)
        rows = page.locator("#card-countries .pick-row")
        self.assertEqual(known, rows.count())
        rows.last.focus()
        list, last = (page.locator(f"#card-countries {part}").last.bounding_box() for part in [".plot", ".pick-row"])
        self.assertLessEqual(last["y"] + last["height"], list["y"] + list["height"] + 1, "seen where it has the focus")

    def test_a_keyboard_has_all_time_zones(self):
        page = self.shown("overview")
        page.locator("#zone").focus()
        self.assertGreater(page.locator("#zone option").count(), 300)

    def test_seconds_that_pass_are_not_read_aloud(self):
        page = self.shown("stale")
        for node in ["connection", "notice"]:
            page.wait_for_function("id => document.getElementById(id).getAttribute('aria-live') === 'off'", arg=node)

    def test_a_line_is_dashed_from_a_bucket_that_the_range_cuts_as_well_as_to_it(self):
        recorded = self.recording
        cut = lambda rows: [{**row, "is_partial": True} if i == 0 and "is_partial" in row else row for i, row in enumerate(rows)]
        answers = {path: {**answer, "rows": cut(answer["rows"])} if answer.get("rows") else answer for path, answer in recorded.answers.items()}
        page = shown(self.browser, Recording(recorded.now, recorded.live, answers), "overview")
        self.addCleanup(page.context.close)
        dashes = page.evaluate("""() => { const { borderDash } = document.getElementById('card-users').card.chart.data.datasets.find(set => set.type === 'line').segment;
          return [0, 1].map(from => borderDash({ p0DataIndex: from, p1DataIndex: from + 1 }) ?? null); }""")
        self.assertEqual([[4, 4], None], dashes)

    def test_figures_of_a_minute_that_was_not_over_are_no_later_than_the_last_commit(self):
        page = self.browser.page(zone="UTC")
        self.addCleanup(page.context.close)
        live = self.recording.live
        latest = datetime.datetime.fromisoformat(live["latest_minute"].replace("Z", "+00:00"))
        self.recording.replay(page, as_of=(latest + datetime.timedelta(seconds=20)).strftime("%Y-%m-%dT%H:%M:%SZ"))
        page.clock.set_fixed_time(latest + datetime.timedelta(seconds=35))
        page.goto(f"{ADDRESS}/")
        page.wait_for_selector("html[data-condition='stale']")
        self.assertIn(f"The newest figures are of {latest.strftime('%-d %b %H:%M')};", page.locator("#notice").inner_text())

    def test_a_minute_has_sixty_seconds(self):
        page = self.shown("overview")
        said = page.evaluate("async () => { const { Format } = await import('/assets/format.js'); return [59600, 119700, 125000].map(Format.milliseconds); }")
        self.assertEqual(["1 m 00 s", "2 m 00 s", "2 m 05 s"], said)

    def test_what_has_the_focus_keeps_it_when_figures_are_drawn_anew(self):
        page = self.shown("overview")
        focused = "document.activeElement.title"
        for card in ["overview-songs", "genders", "plans-by-gender"]:
            with self.subTest(card=card):
                page.locator(f"#card-{card} .pick-row").nth(1).focus()
                held = page.evaluate(focused)
                self.assertTrue(held)
                page.evaluate("async id => { const { card } = document.getElementById(id); await card.show(card.result); }", f"card-{card}")
                self.assertEqual(held, page.evaluate(focused))

    def test_the_focus_goes_from_a_chip_that_is_taken_off_to_the_next_one(self):
        page = self.shown("overview")
        page.evaluate("import('/assets/state.js').then(({ change }) => change({ filters: [{ dimension: 'level', value: 'paid' }, { dimension: 'gender', value: 'F' }] }))")
        page.locator("#filters .filter").first.press("Enter")
        self.assertEqual("Gender Women", page.evaluate("document.activeElement.title"))
        page.locator("#filters .filter").first.press("Enter")
        self.assertEqual("main", page.evaluate("document.activeElement.id"))
