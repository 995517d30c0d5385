"""What is seen is what the API answers, and what the reference's SQL says. Part of test_page.py."""

import re
import time

from browser import load_all, open_page, tile
from page_test import DAY, PageTest


class Figures(PageTest):
    """What is seen is what the API answers."""

    def table(self, page, card):
        self.wait(page, "id => document.getElementById('card-' + id)?.card.table?.rows.length", card)
        return page.evaluate("id => { const { table } = document.getElementById('card-' + id).card; return table.rows.map(r => Object.fromEntries(table.columns.map((c, i) => [c.name, r[i]]))); }", card)

    def span(self):
        end = int(time.time()) // 3600 * 3600 - 3600
        iso = lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))
        return {"from": iso(end - 12 * 3600), "to": iso(end)}

    def test_lines_lists_and_maps_equal_the_api(self):
        span = self.span()
        charts = {
            "overview": [("users", ["time"], ["active_users"], {"granularity": "hour"})],
            "engagement": [("rates", ["time"], ["skip_rate", "completion_rate"], {"granularity": "hour"})],
            "content": [
                ("songs", ["song", "artist"], ["listens", "skip_rate"], {"by": "song", "limit": 15}),
                ("artists", ["artist"], ["listens", "completion_rate", "like_rate"], {"by": "artist", "limit": 15}),
                ("genre-skips", ["genre"], ["skip_rate", "listens"], {"by": "genre", "limit": 15})],
            "devices": [
                ("device-types", ["device_type"], ["listens"], {"by": "device_type"}),
                ("os-completion", ["os"], ["completion_rate", "listens"], {"by": "os"})],
            "places": [
                ("states", ["state", "country"], ["listens"], {"by": "state"}),
                ("regions", ["region"], ["listeners", "listens"], {"by": "region"})],
        }
        page = self.opened(f"?from={span['from']}&to={span['to']}&tz=UTC", zone="UTC")
        for section, asked in charts.items():
            page.locator(f"#sections a[data-section={section}]").click()
            load_all(page)
            for card, keys, metrics, question in asked:
                with self.subTest(card=card):
                    rows = self.site.rows(metrics=",".join(metrics), **question, **span)
                    expected = {tuple(r[k] for k in keys): [r[m] for m in metrics] for r in rows if metrics[0] != "listens" or r["listens"] > 0}
                    seen = {tuple(r[k].replace(".000Z", "Z") if k == "time" else r[k] for k in keys): [r[m] for m in metrics] for r in self.table(page, card)}
                    self.assertEqual({k: v for k, v in seen.items() if any(x is not None for x in v)}, expected)

    def test_layers_add_up_to_the_listens(self):
        span = self.span()
        page = self.opened(f"?from={span['from']}&to={span['to']}&tz=UTC", zone="UTC")
        rows = self.table(page, "listens")
        expected = self.site.rows(metrics="listens", granularity="none", **span)[0]["listens"]
        self.assertEqual(expected, sum(r["loaded"] + r["added"] for r in rows))
        self.assertEqual(f"{expected:,}", tile(page, "Listens"))

    def test_a_rate_ends_where_its_plays_have_settled(self):
        page = self.opened("?section=engagement")
        rows = self.table(page, "rates")
        known = [r["time"].replace(".000Z", "Z") for r in rows if r["skip_rate"] is not None]
        answer = self.site.query(metrics="skip_rate", **{"from": "-1h"})
        self.assertLess(known[-1], answer["settled_before"])
        expected = {r["time"]: r["skip_rate"] for r in answer["rows"] if r["settled"] == "all"}
        self.assertEqual(expected[known[-1]], rows[[r["time"].replace(".000Z", "Z") for r in rows].index(known[-1])]["skip_rate"])
        self.assertTrue(any(r["skip_rate"] is not None for r in rows[:30]))
        self.assertIn("until", page.locator(".tile", has_text="Skip rate").locator(".change").inner_text())

    def test_what_is_not_known_is_not_zero(self):
        page = self.opened("?range=7d")
        rows = self.table(page, "listens")
        self.assertIsNone(rows[0]["loaded"], "before the first event")
        self.assertTrue(any(r["loaded"] for r in rows))

    def test_key_figures_of_time_without_data_are_not_zero(self):
        for range, says in [("from=2099-01-01T00:00:00Z&to=2099-01-02T00:00:00Z", "no data after"), ("from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z", "no data before")]:
            page = self.opened(f"?{range}")
            self.wait(page, f"() => [...document.querySelectorAll('.tile .change')].every(n => n.textContent.startsWith('{says}'))")
            self.assertEqual({"–"}, set(page.locator(".tile .value").all_inner_texts()))

    def test_a_comparison_draws_the_other_time(self):
        page = self.opened("?range=6h&grain=hour&compare=yesterday")
        self.wait(page, "() => document.getElementById('card-users')?.card.table?.columns.some(c => c.name === 'active_users_before')")
        self.wait(page, "() => document.querySelector('.tile .change').textContent.includes('yesterday')")


    def test_with_a_time_before_the_first_event_nothing_is_compared(self):
        page = self.opened("?range=24h&compare=week&section=content")
        self.wait(page, "() => [...document.querySelectorAll('.tile .change')].every(n => n.textContent.includes('no data before'))")
        self.wait(page, "() => document.querySelector('#card-songs .sub').textContent.includes('no data before')")
        self.assertNotIn("before", [c["name"] for c in page.evaluate("document.getElementById('card-songs').card.table.columns")])

    def test_a_list_is_compared_with_one_question(self):
        page = self.browser.page(zone="UTC")
        self.addCleanup(page.context.close)
        asked = []
        page.on("request", lambda r: asked.append(r.url) if "by=artist" in r.url else None)
        end = int(time.time()) // 3600 * 3600 - 3600
        iso = lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))
        span = {"from": iso(end - 12 * 3600), "to": iso(end)}
        open_page(page, f"{self.site.address}/?section=content&compare=previous&from={span['from']}&to={span['to']}")
        self.wait(page, "() => document.getElementById('card-artists')?.card.table?.columns.some(c => c.name === 'before')")
        seen = {r["artist"]: r["before"] for r in self.table(page, "artists")}
        self.assertEqual(1, len({a for a in asked}), asked)
        before = {"from": iso(end - 24 * 3600), "to": iso(end - 12 * 3600)}
        expected = {r["artist"]: r["listens"] for r in self.site.rows(metrics="listens", by="artist", limit=5000, **before)}
        self.assertEqual({a: expected.get(a, 0) for a in seen}, seen)

    def test_series_of_the_greatest_are_those_of_the_api_and_the_others_too(self):
        span = self.span()
        page = self.opened(f"?section=content&from={span['from']}&to={span['to']}&tz=UTC", zone="UTC")
        load_all(page)
        rows = self.table(page, "genre-time")
        answer = self.site.rows(metrics="listens", by="genre", granularity="hour", top=5, **span)
        for genre in {r["genre"] for r in answer if not r["is_other"]}:
            self.assertEqual(sum(r["listens"] for r in answer if r["genre"] == genre), sum(r[genre or "unknown"] or 0 for r in rows), genre)
        self.assertEqual(sum(r["listens"] for r in answer if r["is_other"]), sum(r["others"] or 0 for r in rows))


class Marts(PageTest):
    """What stands out; a site of two days has nothing that does, so that the answers are made here."""

    HOUR = int(time.time()) // 3600 * 3600 - 5 * 3600
    iso = staticmethod(lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)))

    def with_answers(self, query):
        page = self.browser.page(zone="UTC")
        self.addCleanup(page.context.close)
        odd = [{"hour": self.iso(self.HOUR), "scope": scope, "state": state, "measure": "listens", "value": 4, "expected": 340.5, "weeks": 5, "score": -6.1, "is_over": True} for scope, state in [("total", None), ("state", "TX")]]
        songs = [{"kind": "song", "artist": "A, the first", "title": "x", "listens": 30, "expected": 4.2, "score": 9.1}, {"kind": "artist", "artist": "A, the first", "title": None, "listens": 31, "expected": 5, "score": 8.7}]
        page.route("**/api/v1/anomalies", lambda route: route.fulfill(json={"from": None, "to": None, "truncated": False, "anomalies": odd}))
        page.route("**/api/v1/trending", lambda route: route.fulfill(json={"from": self.iso(self.HOUR), "to": self.iso(self.HOUR + 6 * 3600), "trending": songs}))
        open_page(page, f"{self.site.address}/{query}")
        return page

    def test_trending_and_anomalies_are_listed_and_lead_on(self):
        page = self.with_answers(f"?section=trends&{DAY}")
        load_all(page)
        self.assertIn("A, the first", page.locator("#card-trending .list").inner_text())
        self.assertIn("A, the first", page.locator("#card-trending-artists .list").inner_text())
        lines = page.locator("#card-anomalies .list li")
        self.assertEqual(2, lines.count())
        self.assertIn("Everywhere", lines.nth(0).inner_text())
        self.assertIn("Texas", lines.nth(1).inner_text())
        self.axe(page)
        lines.nth(0).locator("button").click()
        page.wait_for_url(re.compile("from=.*&to="))

    def test_the_axis_of_listens_marks_the_hour(self):
        page = self.with_answers(f"?{DAY}")
        self.wait(page, "() => document.getElementById('card-listens')?.card.canvas?.frame")
        page.locator("#grain").select_option("hour")
        self.wait(page, "t => document.getElementById('card-listens').card.canvas?.frame.odd.some(a => a.t === t)", self.HOUR * 1000)
        self.assertEqual(1, page.evaluate("document.getElementById('card-listens').card.canvas.frame.odd.length"))

    def test_a_value_with_a_comma_is_one_value(self):
        page = self.with_answers(f"?section=trends&{DAY}")
        load_all(page)
        with page.expect_request(lambda r: "filter=artist" in r.url) as asked:
            page.locator("#card-trending-artists .pick-row").click()
        self.assertIn("filter=artist%3AA%5C%2C+the+first", asked.value.url)
