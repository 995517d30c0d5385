"""The views of the schema mart, from docs/marts.md and the comments of their columns.

Genres by day and hours are of what is loaded: the table `loaded_event`. What is trending and what is unusual is live.
"""

from collections.abc import Callable

import duckdb

import unknown
from answer import COUNT, ESTIMATE, TEXT, TIME, Answer, Kind, number

Database = duckdb.DuckDBPyConnection
HOUR = 3_600_000
DAY = 24 * HOUR

GENRE_DAILY = f"""
with song as (
  select strftime(time, '%Y-%m-%d') as day, coalesce(genre, '{unknown.GENRE}') as genre, artist, title, duration_ms, recording,
    sum(listens) as listens, sum(listens) + 3 * sum(thumbs_up) + 5 * sum(shares) as points
  from loaded_event where topic = 'listen' or (has_song and (thumbs_up > 0 or shares > 0)) group by all
),
track as (
  select day, genre, title, artist,
    row_number() over (partition by day, genre order by sum(points) desc, sum(listens) desc, title, artist) as place
  from song where recording is not null group by 1, 2, 3, 4
)
select s.day, s.genre, sum(listens) as listen_count,
  avg(duration_ms) filter (s.recording is not null) / 1000 as avg_track_duration_sec,
  100 * sum(points) / max(sum(points)) over (partition by s.day) as popularity_index,
  any_value(t.title) as most_popular_track, any_value(t.artist) as most_popular_artist
from song as s
left join track as t on t.day = s.day and t.genre = s.genre and t.place = 1
group by 1, 2"""

HOURLY = """
with artist as (
  select ts // 3600000 as hour, artist,
    row_number() over (partition by ts // 3600000 order by count(*) desc, artist) as place
  from loaded_event where topic = 'listen' and artist is not null group by 1, 2
),
listen as (
  select ts // 3600000 as hour, count(distinct user_id) as unique_listeners, count(*) as listens,
    count(distinct recording) as songs
  from loaded_event where topic = 'listen' group by 1
)
select hour * 3600000 as hour, unique_listeners, top_artists, songs / listens as track_diversity_index, songs
from listen
left join (
  select hour, string_agg(artist, ', ' order by place) as top_artists from artist where place <= 3 group by 1
) using (hour)"""

KPI = f"""
select *, row_number() over (
    partition by kpi_type, track_genre, listen_count, most_popular_track, stream_hour, unique_listeners, top_artists
    order by avg_track_duration_sec, popularity_index, track_diversity_index
  ) as nth
from (
  select 'genre' as kpi_type, genre as track_genre, listen_count, avg_track_duration_sec, popularity_index,
    most_popular_track, null as stream_hour, null as unique_listeners, null as top_artists, null as track_diversity_index
  from ({GENRE_DAILY})
  union all
  select 'hourly', null, null, null, null, null, hour // 3600000 % 24, unique_listeners, top_artists, track_diversity_index
  from ({HOURLY})
)"""

# The last six hours that are full: those before the hour of the last event.
TRENDING = """
with present as (
  select max(ts) // 3600000 * 3600000 as until from event
),
played as (
  select artist, title, day_before, count(*) as listens
  from (
    select e.artist, e.title, (p.until - 1 - e.ts) // 86400000 as day_before
    from event as e cross join present as p
    where e.topic = 'listen' and e.ts < p.until and (p.until - 1 - e.ts) % 86400000 < 6 * 3600000
  )
  where day_before <= 7 group by all
),
counted as (
  select 'song' as kind, artist, title, sum(listens) filter (day_before = 0) as recent,
    sum(listens) filter (day_before > 0) as before
  from played group by all
  union all
  select 'artist', artist, null, sum(listens) filter (day_before = 0), sum(listens) filter (day_before > 0)
  from played group by all
),
expected as (
  select kind, artist, title, coalesce(recent, 0) as listens,
    coalesce(before, 0) / 7 * sum(recent) over (partition by kind) / (sum(before) over (partition by kind) / 7) as expected
  from counted
)
select *, (listens - expected) / sqrt(expected + 4) as score
from expected
where (artist is not null or title is not null) and listens >= 5 and (listens - expected) / sqrt(expected + 4) >= 3"""

# An hour of the last two weeks, of the whole or of a state, beside the same hour of the eight weeks before it.
ANOMALY = """
with span as (
  select min(ts) // 3600000 as first_hour, max(ts) // 3600000 as last_hour from event
),
place as (
  select '' as state
  union
  select distinct e.state from event as e cross join span where e.state is not null and e.ts // 3600000 > last_hour - 70 * 24
),
measured as (
  select ts // 3600000 as hour, '' as state, sum(listens) as listens, sum(skipped) as skipped, sum(logins) as logins,
    sum(errors) as errors
  from event group by 1
  union all
  select ts // 3600000, state, sum(listens), sum(skipped), sum(logins), sum(errors)
  from event where state is not null group by 1, 2
),
value as (
  unpivot measured on listens, skipped, logins, errors into name measure value value
),
looked_at as (
  select h.hour, state, measure
  from span cross join (select unnest(range(last_hour - 14 * 24, last_hour + 1)) as hour from span) as h
  cross join place cross join (values ('listens'), ('skipped'), ('logins'), ('errors')) as m (measure)
),
before as (
  select l.hour, l.state, l.measure, count(*) as weeks, median(coalesce(v.value, 0)::double) as expected,
    quantile_cont(coalesce(v.value, 0)::double, 0.75) - quantile_cont(coalesce(v.value, 0)::double, 0.25) as distance
  from looked_at as l
  cross join range(1, 9) as week (n)
  cross join span
  left join value as v on v.hour = l.hour - week.n * 168 and v.state = l.state and v.measure = l.measure
  where l.hour - week.n * 168 >= span.first_hour
  group by 1, 2, 3 having count(*) >= 3
),
scored as (
  select b.*, coalesce(v.value, 0) as value,
    (coalesce(v.value, 0) - expected)
      / greatest(distance / 1.349, 4 * sqrt(expected), if(b.measure in ('listens', 'skipped'), 16, 4)) as score
  from before as b left join value as v using (hour, state, measure)
)
select hour * 3600000 as hour, if(state = '', 'total', 'state') as scope, nullif(state, '') as state, measure, value, expected,
  weeks, score, if(abs(round(score, 9)) >= 5, 't', 'f') as is_anomaly
from scored"""


def answer(db: Database, sql: str, columns: dict[str, Kind], key: tuple[str, ...]) -> Answer:
    rows = db.execute(f"select {', '.join(columns)} from ({sql}) order by all").fetchall()
    return Answer(columns, rows, key)


def genre_daily(db: Database) -> Answer:
    return answer(
        db, GENRE_DAILY,
        {
            "day": TEXT, "genre": TEXT, "listen_count": COUNT, "avg_track_duration_sec": number(),
            "popularity_index": number(), "most_popular_track": TEXT, "most_popular_artist": TEXT,
        },
        ("day", "genre"),
    )  # fmt: skip


def hourly(db: Database) -> Answer:
    return answer(
        db, HOURLY,
        {"hour": TIME, "unique_listeners": ESTIMATE, "top_artists": TEXT, "track_diversity_index": number()},
        ("hour",),
    )  # fmt: skip


def music_kpi_metrics(db: Database) -> Answer:
    return answer(
        db, KPI,
        {
            "kpi_type": TEXT, "track_genre": TEXT, "listen_count": COUNT, "avg_track_duration_sec": number(),
            "popularity_index": number(), "most_popular_track": TEXT, "stream_hour": COUNT, "unique_listeners": COUNT,
            "top_artists": TEXT, "track_diversity_index": number(), "nth": COUNT,
        },
        (
            "kpi_type", "track_genre", "listen_count", "most_popular_track", "stream_hour", "unique_listeners",
            "top_artists", "nth",
        ),
    )  # fmt: skip


def trending(db: Database) -> Answer:
    return answer(
        db, TRENDING,
        {"kind": TEXT, "artist": TEXT, "title": TEXT, "listens": COUNT, "expected": number(1), "score": number(2)},
        ("kind", "artist", "title"),
    )  # fmt: skip


def anomaly_hourly(db: Database) -> Answer:
    return answer(
        db, ANOMALY,
        {
            "hour": TIME, "scope": TEXT, "state": TEXT, "measure": TEXT, "value": COUNT, "expected": number(),
            "weeks": COUNT, "score": number(2), "is_anomaly": TEXT,
        },
        ("hour", "scope", "state", "measure"),
    )  # fmt: skip


# A row of music_kpi_metrics has no name of its own, so the warehouse numbers equal ones as the oracle does.
NUMBERED_KPI = """
select *, row_number() over (
    partition by kpi_type, track_genre, listen_count, most_popular_track, stream_hour, unique_listeners, top_artists
    order by avg_track_duration_sec, popularity_index, track_diversity_index
  ) as nth
from mart.music_kpi_metrics"""

# The oracle of each, and how the warehouse is asked.
MARTS: dict[str, tuple[Callable[[Database], Answer], str]] = {
    "mart.genre_daily": (genre_daily, "select * from mart.genre_daily"),
    "mart.hourly": (hourly, "select * from mart.hourly"),
    "mart.music_kpi_metrics": (music_kpi_metrics, NUMBERED_KPI),
    "mart.trending": (trending, "select * from mart.trending"),
    "mart.anomaly_hourly": (anomaly_hourly, "select * from mart.anomaly_hourly"),
}
