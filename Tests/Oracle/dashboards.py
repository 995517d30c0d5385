"""The queries of Tests/Reference/dashboard-queries.md, from docs/dashboards.md, at a given now().

A window is a minute for the last six hours, from the start of an hour on, and an hour before that.
"""

import itertools
from collections.abc import Callable

import duckdb

import unknown
from answer import COUNT, ESTIMATE, TEXT, TIME, Answer, Kind, number

Database = duckdb.DuckDBPyConnection
HOUR = 3_600_000
DAY = 24 * HOUR

Query = Callable[[Database, int], Answer]


def answer(
    db: Database, sql: str, columns: dict[str, Kind], key: tuple[str, ...], limit: tuple[str, int] | None = None,
    groups: tuple[str, str, int] | None = None,
) -> Answer:  # fmt: skip
    rows = db.execute(f"select {', '.join(columns)} from ({sql}) order by all").fetchall()
    return Answer(columns, rows, key, limit, groups)


def windows(db: Database, now: int) -> None:
    """The view windowed: each event with the window that it counts in, of those that begin in the last day."""
    first_minute = now // HOUR * HOUR - 6 * HOUR
    db.execute(f"""
        create or replace temp view windowed as
        select * from (
          select *, if(ts >= {first_minute}, ts // 60000 * 60000, ts // {HOUR} * {HOUR}) as time_window,
            ts // {HOUR} * {HOUR} as hour
          from event
        )
        where time_window >= {now - DAY}""")


MEANS = """
  coalesce(sum(listened_ms), 0) / nullif(sum(ended), 0) as avg_listen_time,
  sum(skipped) / nullif(sum(ended), 0) as skip_rate, sum(completed) / nullif(sum(ended), 0) as completion_rate,
  sum(thumbs_up) / nullif(sum(listens), 0) as like_rate, sum(listens) as stream_count"""


def metrics(now: int, keys: str, which: str = "true") -> str:
    """The rows of a table of metrics in the last hour: one for each window and key with any event."""
    return f"""(
      select time_window, {keys}, {MEANS}, count(distinct user_id) filter (topic = 'listen') as unique_users
      from windowed where time_window >= {now - HOUR} and {which} group by all)"""


def songs(now: int) -> str:
    """Plays count for their song, or for the unknown one, and engagement for the song that it is credited to."""
    names = {"song_title": "title", "artist_name": "artist", "genre": f"coalesce(genre, {unknown.sql(unknown.DASHBOARD_GENRE)})"}
    keys = ", ".join(f"{unknown.member('has_song', sql)} as {name}" for name, sql in names.items())
    keys += ", recording"
    return metrics(now, keys, "(topic = 'listen' or has_song)")


def users(now: int) -> str:
    return metrics(now, "user_id")


def devices(now: int) -> str:
    names = ", ".join(f"{unknown.member('agent is not null', name)} as {name}" for name in ("device_type", "os"))
    return metrics(now, f"{names}, agent")


def places(now: int) -> str:
    names = ", ".join(f"{unknown.member('has_place', name)} as {name}" for name in ("country", "state", "city", "zip", "region"))
    return metrics(now, f"{names}, has_place")


def hours(now: int) -> str:
    return f"""(
      select hour as time_window, {MEANS}, count(distinct user_id) filter (topic = 'listen') as unique_users,
        count(distinct recording) filter (topic = 'listen') as unique_songs
      from windowed where hour >= {now - DAY} group by 1)"""


def active_users_over_time(db: Database, now: int) -> Answer:
    return answer(
        db, f"select time_window, count(distinct user_id) as active_users from {users(now)} group by 1",
        {"time_window": TIME, "active_users": COUNT}, ("time_window",),
    )  # fmt: skip


# The plan of each user's last event, and where the minute of that event has several plans, whether another is taken.
PLANS = """
select user_id, arg_max(level, (is_other, ts, item)) as subscription_type
from (
  select user_id, level, ts, item,
    {another} and level <> last_value(level) over (partition by user_id order by ts, item
      rows between unbounded preceding and unbounded following) as is_other
  from event where user_id is not null
  qualify ts // 60000 = max(ts // 60000) over (partition by user_id)
)
group by 1"""


def listen_time_by_subscription(db: Database, now: int) -> Answer:
    """The plan of a user is that of the last event, whenever that was; which is the last within a minute is left open."""

    def taking(plans: str) -> Answer:
        return answer(
            db,
            f"""
            select subscription_type, avg(avg_listen_time) as average_listen_time
            from {users(now)} join ({plans}) using (user_id) group by 1""",
            {"subscription_type": TEXT, "average_listen_time": number()}, ("subscription_type",),
        )  # fmt: skip

    plans = taking(PLANS.format(another="false"))
    in_doubt = db.execute(f"""
        select user_id
        from ({PLANS.format(another="false")}) as one join ({PLANS.format(another="true")}) as other using (user_id)
        where one.subscription_type is distinct from other.subscription_type
          and user_id in (select user_id from windowed where time_window >= {now - HOUR})""").fetchall()
    for count in range(1, len(in_doubt) + 1):
        for some in itertools.combinations([str(user) for (user,) in in_doubt], count):
            another = f"user_id in ({', '.join(some)})"
            plans.others += (taking(PLANS.format(another=another)),)
    return plans


def skip_rate_over_time(db: Database, now: int) -> Answer:
    return answer(
        db, f"select time_window, avg(skip_rate) as average_skip_rate from {users(now)} group by 1",
        {"time_window": TIME, "average_skip_rate": number()}, ("time_window",),
    )  # fmt: skip


def engagement_heatmap(db: Database, now: int) -> Answer:
    return answer(
        db,
        f"""
        select time_window // {HOUR} % 24 as hour_of_day, user_id, sum(listens) as total_streams
        from windowed group by 1, 2""",
        {"hour_of_day": COUNT, "user_id": COUNT, "total_streams": COUNT}, ("hour_of_day", "user_id"),
    )  # fmt: skip


def top_songs(db: Database, now: int) -> Answer:
    return answer(
        db, f"select song_title, sum(stream_count) as total_streams from {songs(now)} group by 1",
        {"song_title": TEXT, "total_streams": COUNT}, ("song_title",), ("total_streams", 10),
    )  # fmt: skip


def skip_rate_by_genre(db: Database, now: int) -> Answer:
    return answer(
        db, f"select genre, avg(skip_rate) as average_skip_rate from {songs(now)} group by 1",
        {"genre": TEXT, "average_skip_rate": number()}, ("genre",),
    )  # fmt: skip


def like_rate_over_time(db: Database, now: int) -> Answer:
    return answer(
        db, f"select time_window, avg(like_rate) as average_like_rate from {songs(now)} group by 1",
        {"time_window": TIME, "average_like_rate": number()}, ("time_window",),
    )  # fmt: skip


def artist_comparison(db: Database, now: int) -> Answer:
    return answer(
        db,
        f"""
        select artist_name, sum(stream_count) as total_streams, avg(completion_rate) as avg_completion_rate,
          avg(like_rate) as avg_like_rate
        from {songs(now)} group by 1""",
        {"artist_name": TEXT, "total_streams": COUNT, "avg_completion_rate": number(), "avg_like_rate": number()},
        ("artist_name",), ("total_streams", 10),
    )  # fmt: skip


def streams_by_device(db: Database, now: int) -> Answer:
    return answer(
        db, f"select device_type, sum(stream_count) as total_streams from {devices(now)} group by 1",
        {"device_type": TEXT, "total_streams": COUNT}, ("device_type",),
    )  # fmt: skip


def listen_time_by_device(db: Database, now: int) -> Answer:
    return answer(
        db, f"select device_type, avg(avg_listen_time) as average_listen_time from {devices(now)} group by 1",
        {"device_type": TEXT, "average_listen_time": number()}, ("device_type",),
    )  # fmt: skip


def completion_rate_by_system(db: Database, now: int) -> Answer:
    return answer(
        db, f"select os, avg(completion_rate) as average_completion_rate from {devices(now)} group by 1",
        {"os": TEXT, "average_completion_rate": number()}, ("os",),
    )  # fmt: skip


def device_usage_over_time(db: Database, now: int) -> Answer:
    return answer(
        db, f"select time_window, device_type, sum(stream_count) as total_streams from {devices(now)} group by 1, 2",
        {"time_window": TIME, "device_type": TEXT, "total_streams": COUNT}, ("time_window", "device_type"),
    )  # fmt: skip


def streams_by_country(db: Database, now: int) -> Answer:
    return answer(
        db, f"select country, sum(stream_count) as total_streams from {places(now)} group by 1",
        {"country": TEXT, "total_streams": COUNT}, ("country",),
    )  # fmt: skip


def users_by_region(db: Database, now: int) -> Answer:
    return answer(
        db, f"select region, sum(unique_users) as total_unique_users from {places(now)} group by 1",
        {"region": TEXT, "total_unique_users": COUNT}, ("region",), ("total_unique_users", 10),
    )  # fmt: skip


def streams_by_city(db: Database, now: int) -> Answer:
    """The five cities with most streams; the sixth is in it as well where it has as many as the fifth."""
    return answer(
        db,
        f"""
        select time_window, city, sum(stream_count) as total_streams from {places(now)}
        where city in (
          select city from (select city, sum(stream_count) as n from {places(now)} group by 1)
          qualify rank() over (order by n desc) <= 5
        )
        group by 1, 2""",
        {"time_window": TIME, "city": TEXT, "total_streams": COUNT}, ("time_window", "city"), None,
        ("city", "total_streams", 5),
    )  # fmt: skip


def hourly_streams(db: Database, now: int) -> Answer:
    return answer(
        db, f"select * from {hours(now)}", {"time_window": TIME, "stream_count": COUNT}, ("time_window",),
    )  # fmt: skip


def hourly_users_and_songs(db: Database, now: int) -> Answer:
    return answer(
        db, f"select * from {hours(now)}",
        {"time_window": TIME, "unique_users": ESTIMATE, "unique_songs": ESTIMATE}, ("time_window",),
    )  # fmt: skip


def hourly_rates(db: Database, now: int) -> Answer:
    return answer(
        db, f"select * from {hours(now)}", {"time_window": TIME, "skip_rate": number(), "like_rate": number()},
        ("time_window",),
    )  # fmt: skip


def listen_time_by_hour(db: Database, now: int) -> Answer:
    return answer(
        db,
        f"""
        select time_window // {HOUR} % 24 as hour_of_day, avg(avg_listen_time) as average_listen_time
        from {hours(now)} group by 1""",
        {"hour_of_day": COUNT, "average_listen_time": number()}, ("hour_of_day",),
    )  # fmt: skip


QUERIES: dict[str, Query] = {
    "1.1": active_users_over_time, "1.2": listen_time_by_subscription, "1.3": skip_rate_over_time,
    "1.4": engagement_heatmap, "2.1": top_songs, "2.2": skip_rate_by_genre, "2.3": like_rate_over_time,
    "2.4": artist_comparison, "3.1": streams_by_device, "3.2": listen_time_by_device, "3.3": completion_rate_by_system,
    "3.4": device_usage_over_time, "4.1": streams_by_country, "4.2": users_by_region, "4.3": streams_by_city,
    "5.1": hourly_streams, "5.2": hourly_users_and_songs, "5.3": hourly_rates, "5.4": listen_time_by_hour,
}  # fmt: skip
