-- How many listeners are here for the first time, and how many have come back?
-- $1 from (inclusive), $2 to (exclusive). {user} is the rollup of users, both layers, with its column {time}; all
-- of its past is read. New is who never listened before this bucket, as far as the log goes back; resurrected is
-- who has, but not in the bucket before. All of it is exact.
-- by: day week month quarter year
-- chart: line listeners
with heard as (
  select date_trunc('{bucket}', {time}) as bucket, u.user_id
  from {user} as r
  join warehouse.dim_user as u using (user_key)
  where {time} < $2::timestamptz and u.user_id is not null and r.listens > 0
  group by 1, 2
),
past as (
  select bucket, lag(bucket) over (partition by user_id order by bucket) as bucket_last from heard
),
buckets as (
  select bucket, lag(bucket) over (order by bucket) as bucket_before from heard group by 1
)
select
  bucket,
  count(*) as listeners,
  count(*) filter (where bucket_last is null) as new_listeners,
  count(*) filter (where bucket_last is not null) as returning_listeners,
  count(*) filter (where bucket_last < bucket_before) as of_them_resurrected,
  round(count(*) filter (where bucket_last is null) / count(*)::numeric, 3) as new_share
from past
join buckets using (bucket)
where bucket >= date_trunc('{bucket}', $1::timestamptz)
group by 1
order by 1
