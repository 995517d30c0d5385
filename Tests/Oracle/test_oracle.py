"""Tests of the oracle itself: that it sees differences, and says which; and the examples of docs/metrics.md for clocks."""

import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import crowd
import duckdb
import lists
import registry
from answer import COUNT, ESTIMATE, TEXT, TIME, Answer, number
from ask import Asked
from compare import differences

COLUMNS = {"bucket": TIME, "song": TEXT, "listens": COUNT, "listeners": ESTIMATE, "rate": number(2, "listeners")}
DAY = 1_772_323_200_000
ROW = {"bucket": "2026-03-01 00:00:00+00", "song": "a", "listens": "7", "listeners": "3", "rate": "0.33"}


def wanted(*rows: tuple, **more: object) -> Answer:
    return Answer(COLUMNS, list(rows), ("bucket", "song"), **more)  # type: ignore[arg-type]


class Comparing(unittest.TestCase):
    def test_what_is_rounded_agrees(self) -> None:
        self.assertEqual(differences([ROW], wanted((DAY, "a", 7, 3, 1 / 3))), [])
        self.assertEqual(differences([ROW | {"bucket": "2026-03-01 01:00:00+01"}], wanted((DAY, "a", 7, 3, 1 / 3))), [])

    def test_each_difference_is_named(self) -> None:
        for name, value, words in [
            ("listens", "8", "listens: the warehouse has 8.0, the oracle 7"),
            ("listeners", "4", "listeners: the warehouse has 4.0, the oracle 3"),
            ("rate", "0.34", "rate: the warehouse has 0.34"),
            ("rate", "", "rate: the warehouse has null"),
            ("song", "b", "the warehouse has no such row"),
        ]:
            found = differences([ROW | {name: value}], wanted((DAY, "a", 7, 3, 1 / 3)))
            self.assertTrue(any(words in line and "2026-03-01" in line for line in found), f"{found} for {name}")

    def test_estimates_are_given_their_error_beyond_320_only(self) -> None:
        row = ROW | {"rate": "1.00"}
        for true, found, agrees in [(320, 321, False), (1000, 1050, True), (1000, 1070, False)]:
            problems = differences([row | {"listeners": str(found)}], wanted((DAY, "a", 7, true, 1.0)))
            self.assertEqual(problems == [], agrees, f"{found} for {true}")

    def test_a_share_of_a_few_is_given_the_error_of_the_many_that_it_is_of(self) -> None:
        users = [("F", "paid", number + 1) for number in range(55)] + [("M", "free", number + 60) for number in range(2185)]
        db = duckdb.connect()
        db.execute("create table event (time timestamptz, ts bigint, user_gender text, level text, user_id bigint)")
        db.executemany(f"insert into event values (to_timestamp({DAY // 1000}), {DAY}, ?, ?, ?)", users)
        answer = lists.users_by_gender_and_level(db, Asked("day", DAY, DAY + 86_400_000))
        few = {"bucket": ROW["bucket"], "gender": "F", "level": "paid", "users": "55", "share": "0.024"}
        many = few | {"gender": "M", "level": "free", "users": "2220", "share": "0.976"}
        self.assertEqual(differences([few, many], answer), [])
        self.assertTrue(differences([few | {"users": "54"}, many], answer))
        self.assertTrue(differences([few | {"share": "0.028"}, many], answer))

    def test_rows_and_columns_that_are_missing_or_too_many(self) -> None:
        self.assertTrue(differences([], wanted((DAY, "a", 7, 3, 1 / 3))))
        self.assertTrue(differences([ROW], wanted()))
        self.assertTrue(differences([ROW, ROW], wanted((DAY, "a", 7, 3, 1 / 3))))
        self.assertTrue(differences([{"bucket": ROW["bucket"]}], wanted((DAY, "a", 7, 3, 1 / 3))))

    def test_of_those_with_as_many_any_may_be_first(self) -> None:
        both = wanted((DAY, "a", 7, 3, 1 / 3), (DAY, "b", 7, 3, 1 / 3), (DAY, "c", 5, 3, 1 / 3), limit=("listens", 1))
        for song, agrees in [("a", True), ("b", True), ("c", False)]:
            listens = "5" if song == "c" else "7"
            self.assertEqual(differences([ROW | {"song": song, "listens": listens}], both) == [], agrees, song)


class Registering(unittest.TestCase):
    def test_what_has_no_oracle_is_an_error(self) -> None:
        registry.require_all()
        files = registry.question_files() | {"new-question": ["day"]}
        with mock.patch.object(registry, "question_files", lambda: files), self.assertRaises(SystemExit) as failure:
            registry.require_all()
        self.assertIn("new-question", str(failure.exception))
        with mock.patch.object(registry, "mart_views", lambda: {"mart.new"}), self.assertRaises(SystemExit):
            registry.require_all()
        with mock.patch.object(registry, "dashboard_queries", lambda: {"6.1": ""}), self.assertRaises(SystemExit):
            registry.require_all()

    def test_no_file_is_long(self) -> None:
        for path in Path(__file__).parent.glob("*.py"):
            self.assertLessEqual(len(path.read_text().splitlines()), 400, path.name)


class Lineage(unittest.TestCase):
    """The query of docs/schedule.md finds where a fact comes from, whatever else the lake has."""

    def test_lines_that_are_no_events_are_passed_over(self) -> None:
        text = (Path(__file__).parents[2] / "docs/schedule.md").read_text()
        query = text[text.index("from read_json('data/log") :].split("```")[0]
        other, found = ({"ts": DAY, "userId": "7", "sessionId": 583, "itemInSession": item} for item in (11, 12))
        with tempfile.TemporaryDirectory() as place:
            partition = Path(place) / "log/listen_events/0"
            partition.mkdir(parents=True)
            lines = ["no JSON", '{"sessionId": 583, "itemInS', "[1]", "7", "", '{"sessionId": "x"}']
            (partition / f"{0:020}.ndjson").write_text("\n".join([*lines, json.dumps(other), ""]))
            (partition / f"{7:020}.ndjson").write_text("\n".join([json.dumps(found), *lines, ""]))
            rows = duckdb.sql(query.replace("data/log", f"{place}/log")).fetchall()
            self.assertEqual(rows, [(DAY, "7", 583, 12, str(partition / f"{7:020}.ndjson"))])


class Clocks(unittest.TestCase):
    """In traffic of a record a second, unless it says otherwise."""

    def greatest_after(self, times: list[int]) -> int | None:
        partition = crowd.Partition()
        for ts in times:
            partition.take(ts)
        return partition.greatest

    def test_five_hours_ahead_move_nothing(self) -> None:
        seconds = [1_000 * n for n in range(200)]
        self.assertEqual(self.greatest_after([*seconds, 5 * 3_600_000]), 199_000)

    def test_thirty_one_records_of_2099_in_a_row_change_nothing(self) -> None:
        seconds = [1_000 * n for n in range(200)]
        self.assertEqual(self.greatest_after(seconds + [4 * 10**12] * 31), 199_000)

    def test_after_a_week_the_greatest_is_there_with_the_33rd_record(self) -> None:
        seconds = [1_000 * n for n in range(200)]
        later = [7 * crowd.DAY + 1_000 * n for n in range(40)]
        self.assertEqual(self.greatest_after(seconds + later[:32]), 199_000)
        self.assertEqual(self.greatest_after(seconds + later[:33]), later[32])

    def test_a_lone_user_is_back_after_a_week_with_the_sixth_record(self) -> None:
        lone = [60_000 * n for n in range(5)]
        later = [7 * crowd.DAY + 60_000 * n for n in range(6)]
        self.assertEqual(self.greatest_after(lone + later[:5]), lone[-1])
        self.assertEqual(self.greatest_after(lone + later[:6]), later[5])

    def test_the_first_record_may_be_of_2099(self) -> None:
        self.assertEqual(self.greatest_after([4 * 10**12, 5_000, 6_000]), 6_000)


if __name__ == "__main__":
    unittest.main()
