"""What an answer is: its columns and how each is compared, and its rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

# Distinct counts up to here are exact in the warehouse.
EXACT = 320

# Distinct values, and the root mean square of the error of a sketch's estimate there: docs/metrics.md, "How exact distinct
# counts are". In between, the greater of two neighbours holds.
SKETCH_ERROR = [
    (1_000, 0.012), (5_000, 0.014), (8_000, 0.016), (9_500, 0.018), (10_100, 0.030), (10_500, 0.025), (11_600, 0.019),
    (13_000, 0.016), (16_000, 0.014), (30_000, 0.015), (115_000, 0.016),
]  # fmt: skip

# So many of these errors are never seen: one estimate in a million lies beyond.
SKETCH_SIGMAS = 5


def estimate_error(count: float) -> float:
    """How far an estimate of so many distinct values may be from them, as a part of them."""
    if count <= EXACT:
        return 0
    greater = [error for size, error in SKETCH_ERROR if size >= count][:1] or [SKETCH_ERROR[-1][1]]
    smaller = [error for size, error in SKETCH_ERROR if size <= count][-1:]
    return SKETCH_SIGMAS * max(greater + smaller)


@dataclass(frozen=True)
class Kind:
    """How a column is compared."""

    # time, text, count, estimate, number or basis
    name: str
    # Of numbers: the digits behind the point that the answer is rounded to; None for all.
    digits: int | None = None
    # Of numbers: the columns whose estimates they are made of.
    over: tuple[str, ...] = ()


TIME = Kind("time")
TEXT = Kind("text")
COUNT = Kind("count")
# A distinct count from sketches.
ESTIMATE = Kind("estimate")
# A distinct count that a number of the answer is made of, and that is no column of it.
BASIS = Kind("basis")


def number(digits: int | None = None, *over: str) -> Kind:
    return Kind("number", digits, over)


@dataclass
class Answer:
    """The rows that the definitions give. Times are whole milliseconds since 1970."""

    columns: dict[str, Kind]
    rows: list[tuple]
    # The columns that tell rows apart.
    key: tuple[str, ...]
    # Where any of those with as many in this column may be among so many rows: (column, rows).
    limit: tuple[str, int] | None = None
    # Where these rows are of those groups that have most, of which any with as many may be there: (group, column, groups).
    groups: tuple[str, str, int] | None = None
    # Answers that are as good, where the definitions leave it open.
    others: tuple["Answer", ...] = ()

    def named(self, row: tuple) -> dict[str, Any]:
        return dict(zip(self.columns, row, strict=True))


def parse_time(text: str) -> int:
    """A timestamp with its zone, as PostgreSQL prints it, in milliseconds since 1970."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)
