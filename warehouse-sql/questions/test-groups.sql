-- How do the groups of a test compare: songs a user, and users of the free plan who went over to the paid one?
-- $1 from (inclusive), $2 to (exclusive). {user} is the rollup of users, both layers, with its column {time}. Groups
-- are the tags of events (warehouse.user_tag); who was in several is left out. Low and high are the ends of 95 %
-- confidence intervals: of a mean by the normal approximation, of a share by Wilson's score. Where the intervals of
-- two groups overlap, the test has not told them apart. Changes of the plan are as of the last load.
-- by: week day month quarter year
-- chart: bars tag songs_per_user
-- none: no event in this range has a tag; generate --help shows how to make groups
with member as (
  select user_id, min(tag) as tag
  from warehouse.user_tag
  group by 1
  having count(*) = 1
),
active as (
  select
    date_trunc('{bucket}', {time}) as bucket, m.tag, user_id, coalesce(sum(r.listens), 0) as songs,
    bool_or(u.level = 'free') as was_free
  from {user} as r
  join warehouse.dim_user as u using (user_key)
  join member as m using (user_id)
  where {time} >= $1::timestamptz and {time} < $2::timestamptz
  group by 1, 2, 3
),
history as (
  select
    user_id, valid_from, level, lag(level) over (partition by user_id order by valid_from) as level_before
  from warehouse.user_level_history
),
upgraded as (
  select distinct date_trunc('{bucket}', valid_from) as bucket, user_id
  from history
  where level_before = 'free' and level = 'paid'
    and valid_from >= $1::timestamptz and valid_from < $2::timestamptz
),
compared as (
  select
    bucket, tag, count(*) as users, avg(songs) as songs_per_user,
    1.96 * stddev_samp(songs) / sqrt(count(*)::numeric) as songs_margin,
    count(*) filter (where was_free) as free_users,
    count(*) filter (where was_free and u.user_id is not null) as upgrades
  from active
  left join upgraded as u using (bucket, user_id)
  group by 1, 2
),
wilson as (
  select
    *, upgrades::numeric / nullif(free_users, 0) as rate, 1.96 ^ 2 / nullif(free_users, 0) as weight
  from compared
)
select
  bucket, tag, users,
  round(songs_per_user, 2) as songs_per_user,
  round(songs_per_user - songs_margin, 2) as songs_low,
  round(songs_per_user + songs_margin, 2) as songs_high,
  free_users, upgrades,
  round(rate, 4) as upgrade_rate,
  round((rate + weight / 2 - sqrt(rate * (1 - rate) * weight + weight ^ 2 / 4)) / (1 + weight), 4) as upgrade_low,
  round((rate + weight / 2 + sqrt(rate * (1 - rate) * weight + weight ^ 2 / 4)) / (1 + weight), 4) as upgrade_high
from wilson
order by bucket, tag
