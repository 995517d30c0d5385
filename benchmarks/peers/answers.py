"""The questions that every contestant answers about the facts that it has loaded.

The SQL is plain enough for PostgreSQL, Spark, DuckDB and ClickHouse alike, so that all are asked the same.

Polyrhythm leaves a play open until it knows that no listen can come any more that would end it earlier.
The peers know nothing of that and let a play without a next listen end with its song. So here an open play
counts as what it becomes if nothing more comes: completed, and listened to for its whole duration.
"""

import json
from collections.abc import Callable, Iterable

LISTENS = """
select date_key, count(*) as listens,
  sum(case when outcome = 'completed' or outcome is null then 1 else 0 end) as completed,
  sum(case when outcome = 'skipped' then 1 else 0 end) as skipped,
  sum(case when outcome = 'partial' then 1 else 0 end) as partials,
  sum(coalesce(listened_ms, duration_ms)) as listened_ms
from {schema}fact_listen
group by date_key"""

PAGE_VIEWS = """
select date_key, count(*) as page_views,
  sum(case when page = 'Thumbs Up' then 1 else 0 end) as thumbs_up
from {schema}fact_page_view
group by date_key"""

LOGINS = """
select date_key, sum(case when success then 1 else 0 end) as logins,
  sum(case when success then 0 else 1 end) as failed_logins
from {schema}fact_auth
group by date_key"""

# Eleven, so that it is known whether the tenth has a rival with as many listens.
TOP_SONGS = """
select artist, title, plays.listens
from (select song_key, count(*) as listens from {schema}fact_listen group by song_key) as plays
join {schema}dim_song as songs on songs.song_key = plays.song_key
order by plays.listens desc
limit 11"""

USERS = """
select count(distinct users.user_id)
from (
  select user_key from {schema}fact_listen
  union distinct select user_key from {schema}fact_auth
  union distinct select user_key from {schema}fact_page_view
) as seen
join {schema}dim_user as users on users.user_key = seen.user_key"""

Query = Callable[[str], Iterable[tuple]]


def by_day(rows: Iterable[tuple], names: list[str], into: dict) -> None:
    """Adds rows (yyyymmdd, numbers in the order of `names`) to the days' numbers."""
    for day, *numbers in rows:
        into.setdefault(str(day), {}).update(
            zip(names, (int(number or 0) for number in numbers), strict=True)
        )


def top(rows: Iterable[tuple]) -> dict:
    """The ten counts, and the names of the songs that have more listens than the eleventh.

    Which of several songs with equally many listens comes tenth is chance, so those are not named.
    """
    songs = sorted(((int(n), artist, title) for artist, title, n in rows), reverse=True)
    least = songs[10][0] if len(songs) > 10 else 0
    return {
        "top_counts": [n for n, _, _ in songs[:10]],
        "top_songs": [f"{artist}: {title}, {n}" for n, artist, title in songs[:10] if n > least],
    }


def facts(query: Query, schema: str = "") -> dict:
    """The numbers of the days, from facts whose tables have `schema` before their names."""
    days: dict = {}
    by_day(
        query(LISTENS.format(schema=schema)),
        ["listens", "completed", "skipped", "partial", "listened_ms"],
        days,
    )
    by_day(query(PAGE_VIEWS.format(schema=schema)), ["page_views", "thumbs_up"], days)
    by_day(query(LOGINS.format(schema=schema)), ["logins", "failed_logins"], days)
    return {"days": days}


def star(query: Query, schema: str = "") -> dict:
    """The same, and what needs the dimensions: the songs with most listens, and how many users there are."""
    songs = top(query(TOP_SONGS.format(schema=schema)))
    users = next(iter(query(USERS.format(schema=schema))))[0]
    return {**facts(query, schema), **songs, "users": int(users)}


def wrong_rollups(query: Query, tables: list[str], star: dict) -> list[str]:
    """Those rollups among `tables` whose plays, or page views, are not in sum as many as the facts'.

    Where there are hours, minutes are there for a part of the time only.
    """
    whole = ("hour_", "day_") if "hour_totals" in tables else ("minute_",)
    wrong = []
    for table in tables:
        if not table.startswith(whole):
            continue
        measure = "page_views" if table.endswith("_page") else "listens"
        counted = int(next(iter(query(f"select sum({measure}) from {table}")))[0])
        if counted != sum(day[measure] for day in star["days"].values()):
            wrong.append(table)
    return wrong


def difference(answer: dict, truth: dict, measures: list[str], totals: list[str]) -> str | None:
    """The first number of `answer` that is not that of `truth`, in words; none where all agree.

    Compared are the measures of every day and the named totals; one that is missing differs.
    """
    for day in sorted(truth["days"].keys() | answer["days"].keys()):
        for name in measures:
            theirs = answer["days"].get(day, {}).get(name)
            ours = truth["days"].get(day, {}).get(name)
            # A source has no row for a day without such events.
            if (theirs or 0) != (ours or 0):
                return f"{name} of {day} is {theirs}, and {ours} in Polyrhythm's facts"
    for name in totals:
        if answer.get(name) != truth[name]:
            return f"{name} is {answer.get(name)}, and {truth[name]} in Polyrhythm's facts"
    return None


def show(answers: dict) -> None:
    """Prints answers where compare.py reads them: as the last line."""
    print(json.dumps(answers, ensure_ascii=False), flush=True)
