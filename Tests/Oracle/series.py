"""Questions with one row a bucket: how many, how long, what part (docs/questions.md, and the comments of each question)."""

import duckdb

from answer import COUNT, ESTIMATE, TEXT, TIME, Answer, number
from ask import Asked, answer

Database = duckdb.DuckDBPyConnection
LISTENERS = "count(distinct user_id) filter (topic = 'listen')"


def active_users(db: Database, asked: Asked) -> Answer:
    return answer(
        db, asked,
        f"""
        select {asked.bucket} as bucket, count(distinct user_id) as active_users, {LISTENERS} as listeners,
          count(distinct session_id) as sessions
        from event where {asked.where()} group by 1""",
        {"bucket": TIME, "active_users": ESTIMATE, "listeners": ESTIMATE, "sessions": ESTIMATE},
        ("bucket",),
    )  # fmt: skip


def users_logged_in(db: Database, asked: Asked) -> Answer:
    return answer(
        db, asked,
        f"""
        select {asked.bucket} as bucket, count(distinct user_id) filter (logins > 0) as users_logged_in,
          sum(logins) as logins, sum(failed_logins) as failed_logins
        from event where {asked.where()} group by 1""",
        {"bucket": TIME, "users_logged_in": COUNT, "logins": COUNT, "failed_logins": COUNT},
        ("bucket",),
    )  # fmt: skip


def songs_played(db: Database, asked: Asked) -> Answer:
    return answer(
        db, asked,
        f"""
        select {asked.bucket} as bucket, sum(listens) as listens,
          count(distinct recording) filter (topic = 'listen') as different_songs,
          coalesce(sum(listened_ms), 0) / 3600000 as hours
        from event where {asked.where()} group by 1""",
        {"bucket": TIME, "listens": COUNT, "different_songs": ESTIMATE, "hours": number(2)},
        ("bucket",),
    )  # fmt: skip


def songs_per_user(db: Database, asked: Asked) -> Answer:
    return answer(
        db, asked,
        f"""
        select bucket, count(*) as listeners, sum(n) as listens, avg(n) as average_songs, median(n) as median_songs,
          max(n) as most_songs
        from (
          select {asked.bucket} as bucket, user_id, sum(listens) as n
          from event where {asked.where("topic = 'listen'", "user_id is not null")} group by 1, 2
        )
        group by 1""",
        {
            "bucket": TIME, "listeners": COUNT, "listens": COUNT, "average_songs": number(2), "median_songs": number(),
            "most_songs": COUNT,
        },
        ("bucket",),
    )  # fmt: skip


def sessions(db: Database, asked: Asked) -> Answer:
    """As of the last load. A day before the range and a day after it are read for where sessions begin and end."""
    day = 86_400_000
    return answer(
        db, asked,
        f"""
        select {asked.bucket_of("make_timestamptz(began * 1000)")} as bucket, count(*) as sessions,
          avg(minutes) as average_minutes, median(minutes) as median_minutes, max(minutes) as longest_minutes,
          avg(songs) as songs_per_session
        from (
          select session_id, min(ts) as began, (max(ts) - min(ts)) / 60000 as minutes, sum(listens) as songs
          from event where loaded and ts >= {asked.start - day} and ts < {asked.end + day} group by 1
        )
        where began >= {asked.start} and began < {asked.end} group by 1""",
        {
            "bucket": TIME, "sessions": COUNT, "average_minutes": number(1), "median_minutes": number(1),
            "longest_minutes": number(1), "songs_per_session": number(1),
        },
        ("bucket",),
    )  # fmt: skip


def cancellations(db: Database, asked: Asked) -> Answer:
    return answer(
        db, asked,
        f"""
        select bucket, cancellations, of_free, of_paid, active_users, cancellations / nullif(active_users, 0) as churn
        from (
          select {asked.bucket} as bucket, count(*) filter (is_end) as cancellations,
            count(*) filter (is_end and level = 'free') as of_free,
            count(*) filter (is_end and level = 'paid') as of_paid, count(distinct user_id) as active_users
          from (select *, coalesce(page = 'Cancellation Confirmation', false) as is_end from event)
          where {asked.where("topic = 'page_view'")} group by 1
        )""",
        {
            "bucket": TIME, "cancellations": COUNT, "of_free": COUNT, "of_paid": COUNT, "active_users": ESTIMATE,
            "churn": number(4, "active_users"),
        },
        ("bucket",),
    )  # fmt: skip


def conversion(db: Database, asked: Asked) -> Answer:
    """Who was active on which plan; a change of the plan is there once it is loaded, with the first event on the next plan."""
    return answer(
        db, asked,
        f"""
        with active as (
          select {asked.bucket} as bucket, count(distinct user_id) filter (level = 'free') as free_users,
            count(distinct user_id) filter (level = 'paid') as paid_users
          from event where {asked.where()} group by 1
        ),
        change as (
          select {asked.bucket} as bucket, count(*) filter (level = 'paid') as upgrades,
            count(*) filter (level = 'free') as downgrades
          from (
            select *, lag(level) over (partition by user_id order by ts, item) as level_before
            from event where loaded and user_id is not null and level is not null
          )
          where level_before <> level and level_before in ('free', 'paid') and {asked.where()} group by 1
        )
        select bucket, free_users, paid_users, coalesce(upgrades, 0) as upgrades,
          coalesce(upgrades, 0) / nullif(free_users, 0) as conversion_rate, coalesce(downgrades, 0) as downgrades,
          coalesce(downgrades, 0) / nullif(paid_users, 0) as downgrade_rate
        from active left join change using (bucket)""",
        {
            "bucket": TIME, "free_users": COUNT, "paid_users": COUNT, "upgrades": COUNT, "conversion_rate": number(4),
            "downgrades": COUNT, "downgrade_rate": number(4),
        },
        ("bucket",),
    )  # fmt: skip


def discovery(db: Database, asked: Asked) -> Answer:
    """As of the last load: plays of a song that the listener had never played before, as far as the log goes back."""
    return answer(
        db, asked,
        f"""
        select bucket, count(*) as plays, count(*) filter (nth = 1) as first_time_plays,
          count(*) filter (nth = 1) / count(*) as first_time_share
        from (
          select {asked.bucket} as bucket, ts,
            row_number() over (partition by user_id, recording order by ts, item) as nth
          from event where loaded and topic = 'listen' and user_id is not null and has_song
        )
        where ts >= {asked.start} and ts < {asked.end} group by 1""",
        {"bucket": TIME, "plays": COUNT, "first_time_plays": COUNT, "first_time_share": number(3)},
        ("bucket",),
    )  # fmt: skip


def new_and_returning_listeners(db: Database, asked: Asked) -> Answer:
    return answer(
        db, asked,
        f"""
        with heard as (
          select distinct {asked.bucket} as bucket, user_id
          from event where topic = 'listen' and user_id is not null and ts < {asked.end}
        ),
        back as (
          select bucket, lag(bucket) over (partition by user_id order by bucket) as last, bucket - interval 1 {asked.by} as before
          from heard
        )
        select bucket, count(*) as listeners, count(*) filter (last is null) as new_listeners,
          count(last) as returning_listeners, count(*) filter (last < before) as of_them_resurrected,
          count(*) filter (last is null) / count(*) as new_share
        from back
        where bucket >= {asked.bucket_of(f"make_timestamptz({asked.start} * 1000)")} group by 1""",
        {
            "bucket": TIME, "listeners": COUNT, "new_listeners": COUNT, "returning_listeners": COUNT,
            "of_them_resurrected": COUNT, "new_share": number(3),
        },
        ("bucket",),
    )  # fmt: skip


def retention(db: Database, asked: Asked) -> Answer:
    """Of whom registered in the range: weeks of seven days from the day (UTC) of registration, none that began before the log."""
    day = "ts // 86400000"
    registered = asked.bucket_of("make_timestamptz(registration * 1000)")
    return answer(
        db, asked,
        f"""
        with member as (
          select user_id, min(registration) as registration from event where user_id is not null group by 1
        ),
        cohort as (
          select user_id, {registered} as bucket, registration // 86400000 as first_day
          from member where registration >= {asked.start} and registration < {asked.end}
        ),
        week as (
          select *, unnest(range(0, ({asked.end} // 86400000 - first_day) // 7)) as week_after from cohort
        ),
        listened as (
          select distinct user_id, {day} as day from event where {asked.where("topic = 'listen'")}
        )
        select bucket, strftime(bucket, '%Y-%m-%d') as cohort, week_after, count(*) as users,
          count(*) filter (is_there) as listening, count(*) filter (is_there) / count(*) as retained
        from (
          select w.*, exists (
            from listened as l where l.user_id = w.user_id
              and l.day between w.first_day + 7 * week_after and w.first_day + 7 * week_after + 6
          ) as is_there
          from week as w
        )
        where first_day + 7 * week_after >= (select min({day}) from event)
        group by all""",
        {"bucket": TIME, "cohort": TEXT, "week_after": COUNT, "users": COUNT, "listening": COUNT, "retained": number(3)},
        ("bucket", "week_after"),
    )  # fmt: skip
