"""Every chart's numbers beside the answer that its menu opens, and beside the reference's own SQL. Part of test_page.py."""

import collections
import csv
import datetime
import io
import json
import os
import re
import signal
import subprocess
import time
import unittest
import urllib.parse

from browser import SECTIONS, load_all
from page_test import PageTest
from site_under_test import START_SECONDS, wait_for
from wire import first_message

HOUR = 3600
QUERIES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Reference", "dashboard-queries.md")
# A clock that stands still: the statements say NOW(), and this schema comes before that of PostgreSQL's own.
CLOCK = [
    "create schema if not exists standing", "grant usage on schema standing to public",
    "create or replace function standing.now() returns timestamptz language sql stable as $$ select current_setting('standing.now')::timestamptz $$",
]
DIMENSIONS = {"song", "artist", "state", "country", "city", "album", "genre", "device_type", "os", "browser", "region", "level", "gender", "age_band", "user"}


def iso(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


def seconds(text):
    return int(datetime.datetime.fromisoformat(re.sub(r"([+-]\d\d)$", r"\1:00", text.replace("Z", "+00:00"))).timestamp())


def statements():
    """The reference's queries by their number, word for word."""
    with open(QUERIES, encoding="utf-8") as file:
        return dict(re.findall(r"^## (\d\.\d) .*?```sql\n(.*?)```", file.read(), re.M | re.S))


class ChartReader(PageTest):
    def opened_at(self, section, start, end, more=""):
        page = self.browser.page(zone="UTC")
        self.addCleanup(page.context.close)
        page.goto(f"{self.site.address}/?section={section}&from={iso(start)}&to={iso(end)}&tz=UTC{more}")
        page.wait_for_selector("html[data-condition='live'], html[data-condition='stale']")
        load_all(page)
        return page

    def cards(self, page):
        return page.evaluate("""() => [...document.querySelectorAll('#charts > section:not([hidden]) > article')].filter(n => n.card.table?.rows.length).map(n => ({
          id: n.card.definition.id, kind: n.card.definition.kind, link: n.card.link.hidden ? null : n.card.link.getAttribute('href'), range: n.card.result.range ?? null,
          columns: n.card.table.columns.map(c => c.name), units: n.card.table.columns.map(c => c.unit ?? null), rows: n.card.table.rows }))""")


class Charts(ChartReader):
    """The table of each chart has the numbers of the answer that its menu opens."""

    def test_each_chart_shows_the_answer_that_its_menu_opens(self):
        end = int(time.time()) // HOUR * HOUR - HOUR
        kinds = {"time": self.over_time, "layers": self.layers, "timeBy": self.over_time_by, "list": self.listed, "shares": self.listed, "groups": self.listed, "states": self.listed,
                 "world": self.listed, "userHours": self.hours_of_users, "week": self.hours_of_the_week, "hours": self.hours_of_the_day, "newcomers": self.over_time}
        seen = set()
        for section in [s for s in SECTIONS if s != "loads"]:
            page = self.opened_at(section, end - 12 * HOUR, end)
            for card in self.cards(page):
                if card["link"] and card["kind"] in kinds:
                    with self.subTest(card=card["id"]):
                        answer = wait_for("an answer", lambda card=card: self.site.ask(card["link"]), START_SECONDS)
                        kinds[card["kind"]](card, answer["rows"])
                        seen.add(card["id"])
            page.context.close()
        self.assertGreater(len(seen), 35)

    def over_time(self, card, rows):
        answered = {seconds(r["time"]): r for r in rows}
        for row in card["rows"]:
            at = answered.pop(seconds(row[0].replace(".000", "")), {})
            for name, value in zip(card["columns"][1:], row[1:]):
                self.assertEqual(at.get(name) or 0, value or 0, (row[0], name))
        self.assertEqual({}, answered)

    def layers(self, card, rows):
        loaded, total = collections.Counter(), collections.Counter()
        for r in rows:
            total[seconds(r["time"])] += r["listens"]
            loaded[seconds(r["time"])] += r["listens"] if r["layer"] == "batch" else 0
        for at, batch, speed in ((seconds(r[0].replace(".000", "")), r[1], r[2]) for r in card["rows"]):
            self.assertEqual((loaded[at], total[at]), (batch or 0, (batch or 0) + (speed or 0)))

    def over_time_by(self, card, rows):
        [dimension] = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(card["link"]).query))["by"].split(",")
        for column, name in enumerate(card["columns"][1:], 1):
            sums = collections.defaultdict(collections.Counter)
            for r in rows:
                if r["is_other"] if name == "others" else not r["is_other"] and (r[dimension] or "unknown").lower() == name.lower():
                    sums[r.get("state"), r.get("country")][seconds(r["time"])] += r["listens"]
            shown = {seconds(r[0].replace(".000", "")): r[column] for r in card["rows"] if r[column]}
            # Cities of one name are told apart by their states.
            self.assertIn(shown, [{t: n for t, n in of.items() if n} for of in sums.values()], name)

    def listed(self, card, rows):
        keys = [i for i, name in enumerate(card["columns"]) if name in DIMENSIONS]
        answered = {tuple(r[card["columns"][i]] for i in keys): r for r in rows}
        for row in card["rows"]:
            of = answered[tuple(row[i] for i in keys)]
            for i, name in enumerate(card["columns"]):
                if i not in keys:
                    self.assertEqual(of[name], row[i], (row, name))

    def hours_of_users(self, card, rows):
        sums = collections.Counter()
        for r in rows:
            if not r["is_other"]:
                sums[str(r["user"]), time.gmtime(seconds(r["time"])).tm_hour] += r["listens"]
        for row in card["rows"]:
            self.assertEqual([sums[str(row[0]), h] for h in range(24)], row[1:], row[0])

    def hours_of_the_week(self, card, rows):
        answered = {seconds(r["time"]): r["listens"] for r in rows}
        first, end = min(answered), card["range"]["to"] / 1000
        hours = collections.defaultdict(list)
        for at in range(first, int(end) - HOUR + 1, HOUR):
            hours[time.gmtime(at).tm_wday, time.gmtime(at).tm_hour].append(answered.get(at, 0))
        for day, row in enumerate(card["rows"]):
            for hour, value in enumerate(row[1:]):
                all_of_it = hours.get((day, hour))
                self.assertEqual(all_of_it is None, value is None)
                if all_of_it:
                    self.assertAlmostEqual(sum(all_of_it) / len(all_of_it), value, delta=0.051)

    def hours_of_the_day(self, card, rows):
        spent, ended = collections.Counter(), collections.Counter()
        for r in rows:
            hour = time.gmtime(seconds(r["time"])).tm_hour
            spent[hour] += r["listened_ms"]
            ended[hour] += r["completed"] + r["skipped"] + r["partial"]
        for hour, row in enumerate(card["rows"]):
            self.assertEqual(spent[hour] / ended[hour] if ended[hour] else None, row[1])

    def test_new_and_returning_listeners_are_those_of_the_question(self):
        page = self.opened_at("engagement", int(time.time()) - 6 * HOUR, int(time.time()))
        [card] = [c for c in self.cards(page) if c["id"] == "new-listeners"]
        start = card["range"]["from"] / 1000
        # What goes on meanwhile only adds to the present day.
        done = self.site.run("ask", "new-and-returning-listeners", "--by", "day", "--from", iso(start), "--csv")
        asked = {seconds(r["bucket"]): r for r in csv.DictReader(io.StringIO(done))}
        shown = {seconds(r[0].replace(".000", "")): dict(zip(card["columns"], r)) for r in card["rows"] if any(r[1:])}
        today = int(time.time()) // (24 * HOUR) * 24 * HOUR
        self.assertEqual(set(asked), set(shown))
        self.assertGreater(len(shown), 1)
        for at, row in asked.items():
            for name in ["new_listeners", "returning_listeners"]:
                if at < today:
                    self.assertEqual(int(row[name]), shown[at][name], (at, name))
                else:
                    self.assertLessEqual(shown[at][name], int(row["listeners"]))

    def test_the_figures_of_today_are_those_of_the_day(self):
        midnight = int(time.time()) // (24 * HOUR) * 24 * HOUR
        day = lambda: self.site.rows(metrics="logins,listens,active_users", granularity="none", **{"from": iso(midnight), "to": iso(midnight + 24 * HOUR)})[0]
        before = day()
        page = self.opened_at("overview", int(time.time()) - 6 * HOUR, int(time.time()))
        shown = {r[0]: r[1] for c in self.cards(page) if c["id"] == "today" for r in c["rows"]}
        after = day()
        for name, metric in [("Logins today", "logins"), ("Listens today", "listens"), ("Users today", "active_users")]:
            self.assertLessEqual(before[metric], shown[name])
            self.assertLessEqual(shown[name], after[metric])


class References(ChartReader):
    """Beside the reference's SQL, word for word, with the clock and the speed layer standing still.

    Not compared are the reference's means of rates (1.2, 1.3, 2.2, 2.3, 3.2, 3.3 and the rates of 2.4), which give each row of a table the
    same weight, and its sum of distinct users (4.2), which counts who is there in two minutes twice: the page shows the rate of all plays
    and the users once."""

    def test_charts_say_what_the_reference_says(self):
        for statement in CLOCK:
            self.site.run("sql", "--write", statement)
        self.site.signal("speed", signal.SIGSTOP)
        self.addCleanup(self.recover)
        self.end = seconds(first_message(self.site.address)["latest_minute"]) + 60
        self.by_the_minute()
        self.by_the_hour()

    def recover(self):
        self.site.signal("speed", signal.SIGCONT)
        page = self.browser.page()
        page.goto(self.site.address)
        page.wait_for_selector("html[data-condition='live']", timeout=60000)
        page.context.close()

    def said(self, number, now):
        settings = f"-c search_path=standing,dashboard,pg_catalog -c timezone=UTC -c standing.now={iso(now)}"
        word, port = (self.site.read("postgres", name) for name in ["analyst.password", "port"])
        done = subprocess.run(["psql", "-X", "--csv", "-c", statements()[number], f"postgresql://analyst@127.0.0.1:{port}/polyrhythm"],
                              env={**os.environ, "PGOPTIONS": settings, "PGPASSWORD": word}, capture_output=True, text=True, timeout=60)
        self.assertEqual(0, done.returncode, done.stderr)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertTrue(rows, number)
        return rows

    def shown(self, section, length, end, more=""):
        page = self.opened_at(section, end - length, end, more)
        cards = {c["id"]: [dict(zip(c["columns"], r)) for r in c["rows"]] for c in self.cards(page)}
        page.context.close()
        return cards

    def series(self, rows, *names):
        return {(seconds(r["time"].replace(".000", "")), name): r[name] for r in rows for name in names if r[name]}

    def by_the_minute(self):
        end = self.end
        engagement, content, devices, places = (self.shown(s, HOUR, end) for s in ["engagement", "content", "devices", "places"])
        with self.subTest(query="1.1"):
            said = {(seconds(r["time_window"]), "active_users"): int(r["active_users"]) for r in self.said("1.1", end)}
            self.assertEqual({k: n for k, n in said.items() if n}, self.series(engagement["active-users"], "active_users"))
        for query, card, key, name in [("2.1", "songs", "song", "song_title"), ("2.4", "artists", "artist", "artist_name")]:
            with self.subTest(query=query):
                sums, counts = collections.Counter(), collections.Counter()
                for r in content[card]:
                    sums[r[key]] += r["listens"]
                for r in self.site.rows(metrics="listens", by=key, limit=5000, **{"from": iso(end - HOUR), "to": iso(end)}):
                    counts[r[key]] += 1
                # Of those with the least plays others may be there that have as many; songs of one title are one to the reference.
                least = min(r["listens"] for r in content[card])
                said = {r[name]: int(r["total_streams"]) for r in self.said(query, end) if int(r["total_streams"]) > least}
                alone = [n for n in said if counts[n] == 1]
                self.assertGreater(len(alone), 2)
                self.assertEqual({n: said[n] for n in alone}, {n: sums[n] for n in alone})
                self.assertTrue(all(said[n] >= sums[n] for n in said), (said, sums))
        with self.subTest(query="3.1"):
            said = {r["device_type"]: int(r["total_streams"]) for r in self.said("3.1", end) if int(r["total_streams"])}
            self.assertEqual(said, {r["device_type"]: r["listens"] for r in devices["device-types"] if r["device_type"]})
        with self.subTest(query="3.4"):
            said = {(seconds(r["time_window"]), r["device_type"].lower()): int(r["total_streams"]) for r in self.said("3.4", end) if int(r["total_streams"])}
            rows = devices["device-series"]
            shown = {(t, name.lower()): n for (t, name), n in self.series(rows, *[n for n in rows[0] if n not in ("time", "others")]).items()}
            self.assertEqual(said, shown)
        with self.subTest(query="4.1"):
            said = {r["country"]: int(r["total_streams"]) for r in self.said("4.1", end) if int(r["total_streams"])}
            self.assertEqual(said, {r["country"]: r["listens"] for r in places["countries"]})
        with self.subTest(query="4.3"):
            said = collections.Counter()
            for r in self.said("4.3", end):
                said[r["city"]] += int(r["total_streams"])
            rows = places["city-time"]
            shown = {name: sum(r[name] or 0 for r in rows) for name in rows[0] if name not in ("time", "others")}
            # Cities of one name are one to the reference, and who has the most is open where some have as many.
            both = [c for c in said if c in shown]
            self.assertGreater(len(both), 1)
            self.assertTrue(all(said[c] >= shown[c] for c in both), (said, shown))
            self.assertTrue(any(said[c] == shown[c] for c in both), (said, shown))

    def by_the_hour(self):
        end = -(-self.end // HOUR) * HOUR
        trends = self.shown("trends", 24 * HOUR, end, "&grain=hour")
        heat = self.shown("engagement", 24 * HOUR, end, "&grain=hour")["user-hours"]
        for query, card, names in [("5.1", "hourly", {"stream_count": "listens"}), ("5.2", "hourly-users", {"unique_users": "listeners", "unique_songs": "songs"}), ("5.3", "hourly-rates", {"skip_rate": "skip_rate", "like_rate": "like_rate"})]:
            with self.subTest(query=query):
                said = {(seconds(r["time_window"]), ours): float(r[theirs]) for r in self.said(query, end) for theirs, ours in names.items() if r[theirs] and float(r[theirs])}
                shown = self.series(trends[card], *names.values())
                # A rate ends where its plays have settled.
                compared = {k: n for k, n in said.items() if k in shown} if query == "5.3" else said
                self.assertGreater(len(compared), 20 if query != "5.3" else 30)
                self.assertEqual(set(compared), set(shown))
                settled = seconds(first_message(self.site.address)["settled_before"])
                for (t, name), n in compared.items():
                    if query != "5.3" or t + HOUR <= settled:
                        self.assertAlmostEqual(n, shown[t, name], places=9, msg=(t, name))
        with self.subTest(query="5.4"):
            said = {int(float(r["hour_of_day"])): float(r["average_listen_time"]) for r in self.said("5.4", end) if r["average_listen_time"]}
            shown = {int(r["hour"][:2]): r["avg_listen_time"] for r in trends["hour-time"] if r["avg_listen_time"] is not None}
            self.assertGreater(len(shown), 16)
            for hour, value in shown.items():
                self.assertAlmostEqual(said[hour], value, places=3, msg=hour)
        with self.subTest(query="1.4"):
            said = {(r["user_id"], int(float(r["hour_of_day"]))): int(r["total_streams"]) for r in self.said("1.4", end)}
            for r in heat:
                self.assertEqual([said.get((str(r["user"]), h), 0) for h in range(24)], [r[f"{h:02}"] for h in range(24)], r["user"])
