-- How many songs does a listener play on average, and how many does the one in the middle?
-- $1 from (inclusive), $2 to (exclusive). {user} is the rollup of users, both layers, with its column {time}; by
-- second the facts. All of it is exact: a listener is somebody with a play in the bucket, and a song that is
-- played twice counts twice.
-- by: day second minute hour week month quarter year
-- chart: line average_songs
with listener as (
  select date_trunc('{bucket}', {time}) as bucket, u.user_id, sum(r.listens) as listens
  from {user} as r
  join warehouse.dim_user as u using (user_key)
  where {time} >= $1::timestamptz and {time} < $2::timestamptz and u.user_id is not null
  group by 1, 2
)
select
  bucket,
  count(*) as listeners,
  sum(listens) as listens,
  round(avg(listens), 2) as average_songs,
  percentile_cont(0.5) within group (order by listens) as median_songs,
  max(listens) as most_songs
from listener
where listens > 0
group by 1
order by 1
