-- Of those who registered in a week, how many still listen one, two, three … weeks later?
-- $1 from (inclusive), $2 to (exclusive): who registered between them. serving.day_user is the rollup of users by
-- the day, both layers. A week after registration is seven days (UTC) from that day on. Users are those whose week
-- was over at $2; weeks that began before the log did are left out. Those who registered and were never seen are not
-- known. All of it is exact.
-- by: week month quarter year
-- chart: bars cohort,week_after retained
-- rung: day
-- buckets: 8
-- none: of nobody who registered in this range has the warehouse a whole week; --from begins it earlier
with registered as (
  select user_id, min(registration) as registration
  from warehouse.dim_user
  where user_id is not null
  group by 1
),
member as (
  select
    user_id, date_trunc('{bucket}', registration) as bucket,
    (registration at time zone 'UTC')::date as first_day
  from registered
  where registration >= $1::timestamptz and registration < $2::timestamptz
),
listened as (
  select distinct m.user_id, (r.day - m.first_day) / 7 as week_after
  from serving.day_user as r
  join warehouse.dim_user as u using (user_key)
  join member as m using (user_id)
  where r.day >= $1::timestamptz and r.day < $2::timestamptz and r.listens > 0
    and r.day >= m.first_day
),
eligible as (
  select m.user_id, m.bucket, week_after
  from member as m
  cross join lateral generate_series(
    0, ((($2::timestamptz at time zone 'UTC')::date - m.first_day) / 7) - 1
  ) as week_after
  where m.first_day + 7 * week_after >= (select min(day) from serving.day_totals)
)
select
  bucket,
  to_char(bucket, 'YYYY-MM-DD') as cohort,
  week_after,
  count(*) as users,
  count(l.user_id) as listening,
  round(count(l.user_id) / count(*)::numeric, 3) as retained
from eligible
left join listened as l using (user_id, week_after)
group by 1, 3
order by 1, 3
