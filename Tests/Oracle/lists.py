"""Questions with several rows a bucket: the first ten, and parts of the whole (docs/questions.md, and each one's comments)."""

import duckdb

import unknown
from answer import BASIS, COUNT, ESTIMATE, TEXT, TIME, Answer, Kind, number
from ask import Asked, answer

Database = duckdb.DuckDBPyConnection
LISTENERS = "count(distinct user_id) filter (topic = 'listen')"
SKIP_RATE = "sum(skipped) / nullif(sum(ended), 0)"


def top(db: Database, asked: Asked, label: str, order: str, which: str, more: str, columns: dict[str, Kind]) -> Answer:
    """The ten of a bucket with most plays; of those with as many, the first by `order`."""
    return answer(
        db, asked,
        f"""
        select * from (
          select *, row_number() over (partition by bucket order by listens desc, {order}) as rank
          from (
            select {asked.bucket} as bucket, {label}, count(*) as listens, count(distinct user_id) as listeners{more}
            from event where {asked.where("topic = 'listen'", which)} group by all
          )
        )
        where rank <= 10""",
        {"bucket": TIME, "rank": COUNT} | columns,
        ("bucket", "rank"),
    )  # fmt: skip


def top_songs(db: Database, asked: Asked) -> Answer:
    columns = {"song": TEXT, "artist": TEXT, "listens": COUNT, "listeners": ESTIMATE}
    return top(db, asked, "title as song, artist", "song, artist", "has_song", "", columns)


def top_artists(db: Database, asked: Asked) -> Answer:
    columns = {"artist": TEXT, "listens": COUNT, "listeners": ESTIMATE, "songs": COUNT}
    songs = ", count(distinct recording) as songs"
    return top(db, asked, "artist", "artist", "artist is not null", songs, columns)


def top_locations(db: Database, asked: Asked) -> Answer:
    columns = {"place": TEXT, "listens": COUNT, "listeners": ESTIMATE}
    return top(db, asked, "concat_ws(', ', city, state, country) as place", "place", "has_place", "", columns)


def parts(db: Database, asked: Asked, labels: dict[str, str], values: dict[str, tuple[str, Kind]], which: str = "true") -> Answer:
    """What was listened to, by labels (their names and SQL), most plays first."""
    columns = {"bucket": TIME} | {name: TEXT for name in labels} | {name: kind for name, (_, kind) in values.items()}
    return answer(
        db, asked,
        f"""
        select bucket, {", ".join(labels)}, {", ".join(f"{sql} as {name}" for name, (sql, _) in values.items())}
        from (
          select {asked.bucket} as bucket, {", ".join(f"{sql} as {name}" for name, sql in labels.items())},
            sum(listens) as listens, {LISTENERS} as listeners, coalesce(sum(listened_ms), 0) as listened_ms,
            sum(completed) as completed, sum(skipped) as skipped, sum(ended) as ended, sum(thumbs_up) as thumbs_up,
            sum(playlist_adds) as playlist_adds, sum(shares) as shares,
            count(distinct recording) filter (topic = 'listen') as songs
          from event where {asked.where(which)} group by all
        )
        where listens > 0""",
        columns,
        ("bucket", *labels),
    )  # fmt: skip


SHARE = ("listens / sum(listens) over (partition by bucket)", number(3))
LISTENS = ("listens", COUNT)
DISTINCT_LISTENERS = ("listeners", ESTIMATE)
HOURS = ("listened_ms / 3600000 / nullif(listeners, 0)", number(2, "listeners"))
SKIPS = ("skipped / nullif(ended, 0)", number(3))
COMPLETIONS = ("completed / nullif(ended, 0)", number(3))
LIKES = ("thumbs_up / nullif(listens, 0)", number(4))


def known(column: str, otherwise: str = unknown.PLACE_OR_DEVICE) -> str:
    return f"coalesce({column}, {unknown.sql(otherwise)})"


GENDER = known("user_gender", unknown.AUDIENCE)
LEVEL = known("level", unknown.AUDIENCE)


def engagement_by_demographics(db: Database, asked: Asked) -> Answer:
    return parts(
        db, asked, {"gender": GENDER, "level": LEVEL},
        {
            "listeners": DISTINCT_LISTENERS, "listens": LISTENS,
            "listens_per_listener": ("listens / nullif(listeners, 0)", number(1, "listeners")),
            "hours_per_listener": HOURS, "skip_rate": SKIPS, "completion_rate": COMPLETIONS, "like_rate": LIKES,
            "playlist_adds_per_100": ("100 * playlist_adds / listens", number(2)),
            "shares_per_100": ("100 * shares / listens", number(2)),
        },
    )  # fmt: skip


def listening_by_device(db: Database, asked: Asked) -> Answer:
    labels = {name: known(name) for name in ("device_type", "os", "browser")}
    return parts(
        db, asked, labels,
        {"listens": LISTENS, "share": SHARE, "listeners": DISTINCT_LISTENERS, "hours_per_listener": HOURS, "skip_rate": SKIPS},
    )  # fmt: skip


def listening_by_state(db: Database, asked: Asked) -> Answer:
    labels = {name: known(name) for name in ("country", "state")}
    return parts(
        db, asked, labels,
        {"listens": LISTENS, "share": SHARE, "listeners": DISTINCT_LISTENERS, "hours_per_listener": HOURS, "skip_rate": SKIPS},
    )  # fmt: skip


def performance_by_genre(db: Database, asked: Asked) -> Answer:
    """A play that names no song counts for the unknown genre; a like without one for none."""
    return parts(
        db, asked, {"genre": f"coalesce(genre, {unknown.sql(unknown.GENRE)})"},
        {
            "songs": ("songs", COUNT), "listens": LISTENS, "share": SHARE, "listeners": DISTINCT_LISTENERS,
            "completion_rate": COMPLETIONS, "skip_rate": SKIPS,
            "avg_listen_time": ("listened_ms / nullif(ended, 0)", number(0)), "like_rate": LIKES,
        },
        "(topic = 'listen' or has_song)",
    )  # fmt: skip


def listening_by_hour_of_day(db: Database, asked: Asked) -> Answer:
    return answer(
        db, asked,
        f"""
        select *, listens / nullif(sum(listens) over (partition by bucket), 0) as share
        from (
          select {asked.bucket} as bucket, hour(time) as hour, sum(listens) as listens, {LISTENERS} as listeners,
            {SKIP_RATE} as skip_rate
          from event where {asked.where()} group by 1, 2
        )""",
        {"bucket": TIME, "hour": COUNT, "listens": COUNT, "share": number(3), "listeners": ESTIMATE, "skip_rate": number(3)},
        ("bucket", "hour"),
    )  # fmt: skip


def listening_by_weekday(db: Database, asked: Asked) -> Answer:
    return answer(
        db, asked,
        f"""
        select *, listens / days as listens_per_day
        from (
          select {asked.bucket} as bucket, isodow(time) as day_of_week, dayname(time) as weekday,
            count(distinct date_trunc('day', time)) as days, sum(listens) as listens, {LISTENERS} as listeners,
            {SKIP_RATE} as skip_rate
          from event where {asked.where()} group by 1, 2, 3
        )""",
        {
            "bucket": TIME, "day_of_week": COUNT, "weekday": TEXT, "days": COUNT, "listens": COUNT,
            "listens_per_day": number(0), "listeners": ESTIMATE, "skip_rate": number(3),
        },
        ("bucket", "day_of_week"),
    )  # fmt: skip


def users_by_gender_and_level(db: Database, asked: Asked) -> Answer:
    return answer(
        db, asked,
        f"""
        select *, users / sum(users) over (partition by bucket) as share, max(users) over (partition by bucket) as most
        from (
          select {asked.bucket} as bucket, {GENDER} as gender, {LEVEL} as level,
            count(distinct user_id) as users
          from event where {asked.where()} group by 1, 2, 3
        )
        where users > 0""",
        {"bucket": TIME, "gender": TEXT, "level": TEXT, "users": ESTIMATE, "share": number(3, "users", "most"), "most": BASIS},
        ("bucket", "gender", "level"),
    )  # fmt: skip


def artist_reach(db: Database, asked: Asked) -> Answer:
    return answer(
        db, asked,
        f"""
        with everybody as (
          select {asked.bucket} as bucket, {LISTENERS} as everybody from event where {asked.where()} group by 1
        ),
        ranked as (
          select *, row_number() over (partition by bucket order by listeners desc, listens desc, artist) as rank
          from (
            select {asked.bucket} as bucket, artist, count(distinct user_id) as listeners, count(*) as listens
            from event where {asked.where("topic = 'listen'", "artist is not null")} group by 1, 2
          )
          where listeners > 0
        )
        select *, listeners / everybody as reach, listens / listeners as listens_per_listener
        from ranked join everybody using (bucket) where rank <= 10""",
        {
            "bucket": TIME, "rank": COUNT, "artist": TEXT, "listeners": ESTIMATE,
            "reach": number(3, "everybody"), "listens": COUNT, "listens_per_listener": number(2, "listeners"), "everybody": BASIS,
        },
        ("bucket", "rank"),
    )  # fmt: skip


def path_to_cancellation(db: Database, asked: Asked) -> Answer:
    """As of the last load: the last four pages of the session before the confirmation, but for the songs between them."""
    return answer(
        db, asked,
        f"""
        with view as (
          select session_id, ts, item, page, time from event where loaded and topic = 'page_view'
        ),
        walked as (
          select {asked.bucket_of("c.time")} as bucket, coalesce((
            select string_agg(page, ' > ' order by ts, item) from (
              select v.page, v.ts, v.item from view as v
              where v.session_id = c.session_id and v.page <> 'NextSong' and (v.ts, v.item) < (c.ts, c.item)
              order by v.ts desc, v.item desc limit 4
            )
          ), 'nothing') as path
          from view as c
          where page = 'Cancellation Confirmation' and ts >= {asked.start} and ts < {asked.end}
        )
        select * from (
          select bucket, path, count(*) as cancellations, count(*) / sum(count(*)) over (partition by bucket) as share,
            row_number() over (partition by bucket order by count(*) desc, path) as rank
          from walked group by 1, 2
        )
        where rank <= 10""",
        {"bucket": TIME, "rank": COUNT, "path": TEXT, "cancellations": COUNT, "share": number(3)},
        ("bucket", "rank"),
    )  # fmt: skip


def trending_songs(db: Database, asked: Asked) -> Answer:
    """Beside the song's share of the bucket before, and half a play; by the deviation of a Poisson count."""
    return answer(
        db, asked,
        f"""
        with played as (
          select {asked.bucket} as bucket, title as song, artist, count(*) as listens
          from event where {asked.where("topic = 'listen'", "has_song")} group by 1, 2, 3
        ),
        total as (
          select bucket, sum(listens) as total, lag(bucket) over (order by bucket) as bucket_before,
            lag(sum(listens)) over (order by bucket) as total_before
          from played group by 1
        ),
        compared as (
          select p.*, coalesce(b.listens, 0) as listens_before,
            (coalesce(b.listens, 0) + 0.5::double) * total / total_before as expected
          from played as p
          join total as t using (bucket)
          left join played as b
            on b.bucket = t.bucket_before and b.song is not distinct from p.song and b.artist is not distinct from p.artist
          where p.listens >= 5 and total_before > 0
        )
        select * from (
          select *, (listens - expected) / sqrt(expected) as score,
            row_number() over (partition by bucket order by (listens - expected) / sqrt(expected) desc, song, artist) as rank
          from compared
        )
        where rank <= 10 and score > 0""",
        {
            "bucket": TIME, "rank": COUNT, "song": TEXT, "artist": TEXT, "listens": COUNT, "listens_before": COUNT,
            "expected": number(1), "score": number(1),
        },
        ("bucket", "rank"),
    )  # fmt: skip
