"""Which question, mart and query has which oracle; one that has none is an error."""

import re
from pathlib import Path

import dashboards
import groups
import lists
import marts
import series
from warehouse import ROOT

QUESTIONS = {
    name.replace("_", "-"): function
    for module in (series, lists, groups)
    for name, function in vars(module).items()
    if callable(function) and getattr(function, "__annotations__", {}).keys() == {"db", "asked", "return"}
}


def question_files() -> dict[str, list[str]]:
    """The questions on disk, and the buckets that each can be asked by."""
    found = {}
    for path in sorted((ROOT / "warehouse-sql" / "questions").glob("*.sql")):
        buckets = re.search(r"^-- by: (.+)$", path.read_text(), re.MULTILINE)
        found[path.stem] = buckets.group(1).split() if buckets else []
    return found


def mart_views() -> set[str]:
    """The views and tables of the schema mart, as the migrations make them."""
    found: set[str] = set()
    for path in sorted((ROOT / "warehouse-sql" / "migrations").glob("*.sql")):
        text = path.read_text().lower()
        found |= set(re.findall(r"create (?:or replace )?(?:materialized )?(?:view|table) (mart\.\w+)", text))
        found -= set(re.findall(r"drop (?:view|table) (?:if exists )?(mart\.\w+)", text))
    return found


def dashboard_queries() -> dict[str, str]:
    """The queries of the reference, word for word, by number."""
    text = (Path(ROOT) / "Tests" / "Reference" / "dashboard-queries.md").read_text()
    headings = set(re.findall(r"^## (\d+\.\d+) ", text, re.MULTILINE))
    queries = dict(re.findall(r"^## (\d+\.\d+) [^\n]*\n\n```sql\n([^`]*)```", text, re.MULTILINE))
    if headings != queries.keys():
        raise SystemExit(f"oracle: no SQL is found under {headings - queries.keys()} of dashboard-queries.md")
    return queries


def require_all() -> None:
    """Ends the oracle where the two differ: what is on disk, and what it has an answer to."""
    for kind, on_disk, known in (
        ("question", set(question_files()), set(QUESTIONS)),
        ("mart", mart_views(), set(marts.MARTS)),
        ("dashboard query", set(dashboard_queries()), set(dashboards.QUERIES)),
    ):
        if on_disk - known:
            raise SystemExit(
                f"oracle: has no answer to the {kind} {', '.join(sorted(on_disk - known))}; write it in Tests/Oracle"
            )
        if known - on_disk:
            raise SystemExit(f"oracle: there is no {kind} {', '.join(sorted(known - on_disk))} any more")
