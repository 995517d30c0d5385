-- How many users of the free plan went over to the paid one, and how many went back?
-- $1 from (inclusive), $2 to (exclusive). {user} is the rollup of users, both layers, with its column {time}: who
-- was active on which plan. Changes of the plan are those of warehouse.user_level_history, as of the last load.
-- All of it is exact.
-- by: week day month quarter year
-- chart: line upgrades
with active as (
  select
    date_trunc('{bucket}', {time}) as bucket,
    count(distinct u.user_id) filter (where u.level = 'free') as free_users,
    count(distinct u.user_id) filter (where u.level = 'paid') as paid_users
  from {user} as r
  join warehouse.dim_user as u using (user_key)
  where {time} >= $1::timestamptz and {time} < $2::timestamptz
  group by 1
),
history as (
  select
    valid_from, level, lag(level) over (partition by user_id order by valid_from) as level_before
  from warehouse.user_level_history
),
changed as (
  select
    date_trunc('{bucket}', valid_from) as bucket,
    count(*) filter (where level_before = 'free' and level = 'paid') as upgrades,
    count(*) filter (where level_before = 'paid' and level = 'free') as downgrades
  from history
  where valid_from >= $1::timestamptz and valid_from < $2::timestamptz
  group by 1
)
select
  bucket, free_users, paid_users, coalesce(upgrades, 0) as upgrades,
  round(coalesce(upgrades, 0) / nullif(free_users, 0)::numeric, 4) as conversion_rate,
  coalesce(downgrades, 0) as downgrades,
  round(coalesce(downgrades, 0) / nullif(paid_users, 0)::numeric, 4) as downgrade_rate
from active
left join changed using (bucket)
order by bucket
