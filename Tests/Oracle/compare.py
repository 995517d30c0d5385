"""What the warehouse answers beside what the definitions give: every difference, in words."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from answer import Answer, Kind, estimate_error, parse_time

# Rows of one answer that are shown when they differ.
SHOWN = 8
# Of sums of floating point numbers in another order.
EXACTNESS = 1e-9

Row = dict[str, str]


def rows_of_text(text: str) -> list[Row]:
    """The rows of CSV with a header."""
    return list(csv.DictReader(io.StringIO(text)))


def value(text: str, kind: Kind) -> Any:
    """A cell of CSV as its column has it; an empty one is null."""
    if text == "":
        return None
    if kind.name == "time":
        return parse_time(text)
    return text if kind.name == "text" else float(text)


def slack(kind: Kind, wanted: float, row: dict[str, Any]) -> float:
    """How far a number of the answer may be from the one that is wanted."""
    if kind.name == "estimate":
        return wanted * estimate_error(wanted)
    if kind.name != "number":
        return 0
    rounding = 0 if kind.digits is None else 0.5 * 10**-kind.digits
    estimated = sum(estimate_error(row[name]) for name in kind.over)
    return rounding + EXACTNESS * max(1, abs(wanted)) + 1.1 * abs(wanted) * estimated


def agrees(found: Any, wanted: Any, kind: Kind, row: dict[str, Any]) -> bool:
    if found is None or wanted is None or kind.name in ("time", "text"):
        return found == wanted
    return abs(found - wanted) <= slack(kind, wanted, row)


def shown(key: tuple, answer: Answer) -> str:
    return ", ".join(f"{name} {as_text(part, answer.columns[name])}" for name, part in zip(answer.key, key, strict=True))


def as_text(part: Any, kind: Kind) -> str:
    if part is None:
        return "null"
    if kind.name == "time":
        return datetime.fromtimestamp(part / 1000, UTC).isoformat()
    return str(part)


def row_differences(found: dict[str, Any], wanted: dict[str, Any], answer: Answer) -> list[str]:
    """The columns of one row that differ."""
    return [
        f"{name}: the warehouse has {as_text(found[name], kind)}, the oracle {as_text(wanted[name], kind)}"
        for name, kind in answer.columns.items()
        if kind.name != "basis" and not agrees(found[name], wanted[name], kind, wanted)
    ]


def differences(rows: list[Row], answer: Answer) -> list[str]:
    """Every difference between the warehouse's rows and the answer; none where they agree, or with one that is as good."""
    problems = differences_from(rows, answer)
    return [] if any(not differences_from(rows, other) for other in answer.others) else problems


def differences_from(rows: list[Row], answer: Answer) -> list[str]:
    columns = {name: kind for name, kind in answer.columns.items() if kind.name != "basis"}
    if rows and set(rows[0]) != set(columns):
        return [f"columns: the warehouse has {', '.join(rows[0])}, the oracle {', '.join(columns)}"]
    found = [{name: value(row[name], kind) for name, kind in columns.items()} for row in rows]
    wanted = [answer.named(row) for row in answer.rows]
    if answer.limit:
        return limited(found, wanted, answer, *answer.limit)
    if answer.groups:
        return of_first_groups(found, wanted, answer, *answer.groups)
    return unlimited(found, wanted, answer)


def keyed(rows: list[dict[str, Any]], answer: Answer) -> dict[tuple, dict[str, Any]]:
    return {tuple(row[name] for name in answer.key): row for row in rows}


def unlimited(found: list[dict], wanted: list[dict], answer: Answer) -> list[str]:
    problems = []
    ours, theirs = keyed(wanted, answer), keyed(found, answer)
    if len(theirs) < len(found):
        doubled = Counter(tuple(row[name] for name in answer.key) for row in found)
        problems += [f"{shown(key, answer)}: {n} rows" for key, n in doubled.items() if n > 1]
    for key in sorted(ours.keys() | theirs.keys(), key=str):
        if key not in theirs:
            problems.append(f"{shown(key, answer)}: the warehouse has no such row, the oracle {ours[key]}")
        elif key not in ours:
            problems.append(f"{shown(key, answer)}: the oracle has no such row, the warehouse {theirs[key]}")
        else:
            problems += [f"{shown(key, answer)}: {line}" for line in row_differences(theirs[key], ours[key], answer)]
    return problems


def limited(found: list[dict], wanted: list[dict], answer: Answer, column: str, count: int) -> list[str]:
    """Which of those with as many in the column are among the first is anybody's guess; how many they have is not."""
    problems = []
    ours = keyed(wanted, answer)
    for row in found:
        key = tuple(row[name] for name in answer.key)
        if key not in ours:
            problems.append(f"{shown(key, answer)}: the oracle has no such row, the warehouse {row}")
        else:
            problems += [f"{shown(key, answer)}: {line}" for line in row_differences(row, ours[key], answer)]

    def first(rows: list[dict]) -> list[float]:
        return sorted((row[column] for row in rows if row[column] is not None), reverse=True)[:count]

    if first(found) != first(wanted):
        problems.append(f"{column} of the first {count}: the warehouse has {first(found)}, the oracle {first(wanted)}")
    return problems


def of_first_groups(found: list[dict], wanted: list[dict], answer: Answer, group: str, column: str, count: int) -> list[str]:
    """The groups that are there must be whole, and be those with most."""
    there = {row[group] for row in found}
    problems = unlimited(found, [row for row in wanted if row[group] in there], answer)

    def first(rows: list[dict]) -> list[float]:
        sums: Counter = Counter()
        for row in rows:
            sums[row[group]] += row[column]
        return sorted(sums.values(), reverse=True)[:count]

    if first(found) != first(wanted):
        problems.append(f"{column} of the first {count}: the warehouse has {first(found)}, the oracle {first(wanted)}")
    return problems


def report(what: str, problems: list[str]) -> str:
    """What is wrong with an answer, in lines."""
    more = f"\n  and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return f"{what}: {len(problems)} differences\n  " + "\n  ".join(problems[:SHOWN]) + more
