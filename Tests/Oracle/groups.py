"""The question about the groups of a test: means and shares with their 95 % confidence intervals."""

import duckdb

from answer import COUNT, TEXT, TIME, Answer, number
from ask import Asked, answer

# Of users with one tag in all of the log. A mean's interval is that of the normal approximation, a share's is Wilson's score
# interval: (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).
Z = 1.96


def test_groups(db: duckdb.DuckDBPyConnection, asked: Asked) -> Answer:
    margin = f"{Z} * sqrt(p * (1 - p) / n + {Z * Z} / (4 * n * n))"
    return answer(
        db, asked,
        f"""
        with member as (
          select user_id, any_value(tag) as tag from event where user_id is not null and tag is not null
          group by 1 having count(distinct tag) = 1
        ),
        active as (
          select {asked.bucket} as bucket, m.tag, user_id, sum(listens) as songs, bool_or(level = 'free') as was_free
          from event join member as m using (user_id) where {asked.where()} group by 1, 2, 3
        ),
        upgraded as (
          select distinct {asked.bucket} as bucket, user_id, true as did
          from (
            select *, lag(level) over (partition by user_id order by ts, item) as level_before
            from event where loaded and user_id is not null and level is not null
          )
          where level_before = 'free' and level = 'paid' and {asked.where()}
        ),
        counted as (
          select bucket, tag, count(*) as users, avg(songs) as mean, {Z} * stddev_samp(songs) / sqrt(count(*)) as margin,
            count(*) filter (was_free) as free_users, count(*) filter (was_free and did) as upgrades
          from active left join upgraded using (bucket, user_id) group by 1, 2
        )
        select bucket, tag, users, mean as songs_per_user, mean - margin as songs_low, mean + margin as songs_high, free_users,
          upgrades, p as upgrade_rate, (p + {Z * Z} / (2 * n) - {margin}) / (1 + {Z * Z} / n) as upgrade_low,
          (p + {Z * Z} / (2 * n) + {margin}) / (1 + {Z * Z} / n) as upgrade_high
        from (select *, nullif(free_users, 0)::double as n, upgrades / nullif(free_users, 0) as p from counted)""",
        {
            "bucket": TIME, "tag": TEXT, "users": COUNT, "songs_per_user": number(2), "songs_low": number(2),
            "songs_high": number(2), "free_users": COUNT, "upgrades": COUNT, "upgrade_rate": number(4),
            "upgrade_low": number(4), "upgrade_high": number(4),
        },
        ("bucket", "tag"),
    )  # fmt: skip
