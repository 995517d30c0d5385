"""That a wrong answer is found and named. Needs nothing but Python."""

import unittest

import answers


def one_day(**numbers: int) -> dict:
    return {"days": {"20260101": numbers}, "top_songs": ["a: b, 3"], "users": 7}


class AnswersTest(unittest.TestCase):
    truth = one_day(listens=5, skipped=2)

    def difference(self, answer: dict, totals: list[str]) -> str | None:
        return answers.difference(answer, self.truth, ["listens", "skipped"], totals)

    def test_equal_answers_agree(self) -> None:
        self.assertIsNone(self.difference(one_day(listens=5, skipped=2), ["top_songs", "users"]))

    def test_a_number_that_differs_is_named_with_its_day(self) -> None:
        difference = self.difference(one_day(listens=5, skipped=1), [])
        self.assertEqual(difference, "skipped of 20260101 is 1, and 2 in Polyrhythm's facts")

    def test_a_number_that_is_missing_differs(self) -> None:
        self.assertIn("skipped", self.difference(one_day(listens=5), []) or "")
        self.assertIn("listens", self.difference({"days": {}}, []) or "")
        self.assertIn("users", self.difference({**self.truth, "users": None}, ["users"]) or "")

    def test_a_day_too_many_differs(self) -> None:
        answer = one_day(listens=5, skipped=2)
        answer["days"]["20260102"] = {"listens": 1}
        self.assertIn("20260102", self.difference(answer, []) or "")

    def test_songs_that_tie_with_the_eleventh_are_not_named(self) -> None:
        songs = [("x", f"song {n}", 20 - min(n, 8)) for n in range(11)]
        found = answers.top(songs)
        self.assertEqual(found["top_counts"], [20, 19, 18, 17, 16, 15, 14, 13, 12, 12])
        self.assertEqual(len(found["top_songs"]), 8)

    def test_a_rollup_whose_sum_is_another_is_named(self) -> None:
        sums = {"hour_totals": 5, "hour_song": 4, "day_page": 9, "minute_song": 1}

        def query(sql: str) -> list[tuple]:
            return [(sums[sql.split()[-1]],)]

        wrong = answers.wrong_rollups(query, list(sums), one_day(listens=5, page_views=9))
        self.assertEqual(wrong, ["hour_song"])


if __name__ == "__main__":
    unittest.main()
