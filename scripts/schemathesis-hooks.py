# What an OpenAPI document cannot say of questions: which parameters go together. Schemathesis takes a question that the document allows
# for one that is answered; here it is made one, by leaving out what does not go with the rest. Questions that are to be refused stay
# as they are.
import json
import os
import re
import urllib.request
from datetime import datetime, timedelta, timezone

import schemathesis

with urllib.request.urlopen(os.environ["POLYRHYTHM_URL"] + "/api/v1/catalog") as answer:
    CATALOG = json.load(answer)
ROLLUPS = CATALOG["rollups"]
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text, now):
    """A time as from and to have it; None for another form."""
    if text == "now":
        return now
    back = re.fullmatch(r"-(\d+)([smhdw])", text)
    if back:
        return now - timedelta(**{UNITS[back[2]]: int(back[1])})
    try:
        return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def texts(value):
    if value is None:
        return []
    values = value if isinstance(value, list) else str(value).split(",")
    return [str(part) for part in values if str(part)]


def goes_together(metrics, dimensions):
    """Whether one rollup has all of it, or each dimension has each metric, so that the facts do."""
    def has(rollup, names):
        return all(name in rollup["dimensions"] for name in names)
    if any(has(r, dimensions) and all(m in r["metrics"] for m in metrics) for r in ROLLUPS):
        return True
    return not any(has(r, dimensions) for r in ROLLUPS) and all(
        any(d in r["dimensions"] and m in r["metrics"] for r in ROLLUPS) for d in dimensions for m in metrics)


@schemathesis.hook
def map_case(context, case):
    if case.meta is None or not case.meta.generation.mode.is_positive or not isinstance(case.query, dict):
        return case
    query = case.query
    now = datetime.now(timezone.utc)
    start, end = (moment(str(query[n]), now) if query.get(n) else None for n in ("from", "to"))
    # A day for zones. Long ranges of facts and of minutes are refused, and an earlier period has to lie in the years that there are.
    last = end or now
    first = start or last - timedelta(hours=1)
    if not timedelta(days=1) < last - first < timedelta(days=30) or first.year < 2002:
        query.pop("from", None)
        query.pop("to", None)
    if case.operation.path != "/api/v1/query":
        return case
    metrics = texts(query.get("metrics"))
    if query.get("having") and (query.get("top") or not all(
            goes_together([h.split(":")[0]], []) for h in texts(query["having"]))):
        query.pop("having")
    measures = metrics + [h.split(":")[0] for h in texts(query.get("having"))]
    filters = [str(f) for f in (query.get("filter") or [])]
    dimensions = texts(query.get("by")) + [f.split(":")[0] for f in filters if f]
    if not goes_together(measures, list(dict.fromkeys(dimensions))):
        for name in ("by", "filter"):
            query.pop(name, None)
    columns = metrics + texts(query.get("by"))
    if query.get("granularity") != "none" and (query.get("granularity") or not query.get("by")):
        columns.append("time")
    if any(o.split(":")[0] not in columns for o in texts(query.get("order"))):
        query.pop("order")
    if query.get("limit") == "all":
        query.pop("compare", None)
    return case
