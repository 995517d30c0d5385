# What an OpenAPI document cannot say of questions: which parameters go together. Schemathesis takes a question that the document allows
# for one that is answered; here it is made one, by leaving out what does not go with the rest. Questions that are to be refused stay
# as they are, and so do ranges: what is said of those that are backwards or cost too much is checked here.
import json
import os
import random
import re
import urllib.request
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

with urllib.request.urlopen(os.environ["POLYRHYTHM_URL"] + "/api/v1/catalog") as answer:
    CATALOG = json.load(answer)
ROLLUPS = CATALOG["rollups"]
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


# How long ranges are that a program asks for, in seconds: of a moment to decades.
LENGTHS = [1, 7, 59, 60, 600, 3600, 6 * 3600 + 1, 86400, 3 * 86400, 20 * 86400, 32 * 86400, 366 * 86400, 40 * 366 * 86400]
# How far the end lies back from now, in seconds; the data are of the last two days.
AGES = [0, 0, 5, 90, 1800, 40_000, 86_400, 150_000, 40 * 86_400, 3000 * 86_400]
# What the server says of a question that would read too much; the document names them.
COSTS = {"too_many_facts": timedelta(days=31), "too_costly": timedelta(days=1)}


def moment(text, now, zone):
    """A time as from and to have it; None for another form."""
    if text == "now":
        return now
    back = re.fullmatch(r"-(\d+)([smhdw])", text)
    if back:
        return now - timedelta(**{UNITS[back[2]]: int(back[1])})
    if re.fullmatch(r"\d{12,13}", text):
        return datetime.fromtimestamp(int(text) / 1000, timezone.utc)
    try:
        found = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return None
    # A time that names no zone is that of tz.
    return found.replace(tzinfo=timezone.utc if text.endswith("Z") else zone).astimezone(timezone.utc)


def spelled(time, now, draw, zone):
    """The time in one of the forms that from and to take."""
    form = draw.choice(["zone", "zone", "local", "date", "milliseconds", "back"])
    if form == "milliseconds":
        return str(int(time.timestamp() * 1000))
    if form == "date":
        return time.strftime("%Y-%m-%d")
    if form == "local":
        return time.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
    seconds = int((now - time).total_seconds())
    if form == "back" and 0 <= seconds < 1_000_000_000:
        return f"-{seconds}s" if seconds else "now"
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def drawn_range(query, now):
    """Two of three questions get a range of any length, as often backwards as programs have it wrong. The rest keep what they have."""
    draw = random.Random(json.dumps(query, sort_keys=True, default=str))
    if draw.random() < 0.35:
        return
    zone = zone_of(query)
    end = now - timedelta(seconds=draw.choice(AGES))
    start = end - timedelta(seconds=draw.choice(LENGTHS))
    # There are the years 2000 to 2099.
    start = max(start, datetime(2001, 1, 1, tzinfo=timezone.utc))
    if draw.random() < 0.1:
        start, end = end, start
    query["from"], query["to"] = spelled(start, now, draw, zone), spelled(end, now, draw, zone)
    if draw.random() < 0.15:
        query.pop(draw.choice(["from", "to"]))


def zone_of(query):
    name = query.get("tz")
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else timezone.utc
    except Exception:  # Whatever is wrong with a name, the server says so.
        return timezone.utc


def length(query, path, now):
    """How long the range is; None where a time has a form that is not known here."""
    zone = zone_of(query)
    ends = [moment(str(query[n]), now, zone) if query.get(n) else None for n in ("from", "to")]
    if any(query.get(n) and end is None for n, end in zip(("from", "to"), ends)):
        return None
    end = ends[1] or now
    usual = {"/api/v1/anomalies": timedelta(days=14), "/api/v1/newcomers": timedelta(days=28)}
    return end - (ends[0] or end - usual.get(path, timedelta(hours=1)))


def has_odd_hours(query, width):
    """Whether the clocks of the zone were, at some time in the range, ahead of UTC by what is no number of hours."""
    zone, now = zone_of(query), datetime.now(timezone.utc)
    end = (moment(str(query["to"]), now, zone) if query.get("to") else now) + timedelta(days=9)
    start = end - width - timedelta(days=18)
    weeks = range((end - start).days // 7 + 1)
    return any((start + timedelta(weeks=n)).astimezone(zone).utcoffset().seconds % 3600 for n in weeks)


@schemathesis.check
def accepted_or_too_much(ctx, response, case):
    """positive_data_acceptance, but for ranges: those that are backwards are refused, and those that cost too much may be."""
    query = case.query if isinstance(case.query, dict) else {}
    if case.meta is None or not case.meta.generation.mode.is_positive or case.method != "GET":
        return positive_data_acceptance(ctx, response, case)
    width = length(query, case.operation.path, datetime.now(timezone.utc))
    # A request takes a while to come, and clocks of zones may be set back by up to three hours.
    doubt = timedelta(seconds=90) if zone_of(query) is timezone.utc else timedelta(hours=3)
    has_range = any(p.name == "from" for p in case.operation.query)
    if has_range and width is not None and width < -doubt:
        assert response.status_code == 400, f"a range that is backwards is answered with {response.status_code}"
    if response.status_code == 400 and width is not None:
        problem = response.json()
        if problem["code"] in COSTS:
            assert width > COSTS[problem["code"]] - doubt, f"{problem['code']} for {width}: {problem['detail']}"
            return
        if problem["code"] == "bad_parameter" and problem["detail"].startswith("from: "):
            assert width <= doubt, f"refused for {width}: {problem['detail']}"
            return
        if problem["detail"].endswith("accepted: a zone whose days begin with an hour of UTC"):
            assert has_odd_hours(query, width), problem["detail"]
            return
    return positive_data_acceptance(ctx, response, case)


@schemathesis.check
def live_begins_with_all_minutes(ctx, response, case):
    """The live stream has no end: so many of its events are read as schemathesis.toml says, the first of which has everything."""
    if case.operation.path == "/api/v1/live" and response.status_code == 200:
        text = response.content.decode()
        assert "event: minutes\n" in text and '"full":true' in text, f"the stream begins with {text[:200]!r}"


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
    if any(p.name == "from" for p in case.operation.query):
        drawn_range(query, now)
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
