-- severity: error
-- The listens of a day are the same in each batch rollup: by song, user, location, device and audience as in total.
-- By day, so that it also holds where old minutes have been folded to hours.
with sums as (
  select 'minute_totals' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(listens) as listens
  from batch.minute_totals
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
  union all
  select 'minute_song' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(listens) as listens
  from batch.minute_song
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
  union all
  select 'minute_user' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(listens) as listens
  from batch.minute_user
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
  union all
  select 'minute_location' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(listens) as listens
  from batch.minute_location
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
  union all
  select 'minute_device' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(listens) as listens
  from batch.minute_device
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
  union all
  select 'minute_audience' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(listens) as listens
  from batch.minute_audience
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
),
days as (
  select
    day,
    coalesce(sum(listens) filter (where rollup = 'minute_totals'), 0) as in_totals,
    coalesce(sum(listens) filter (where rollup = 'minute_song'), 0) as by_song,
    coalesce(sum(listens) filter (where rollup = 'minute_user'), 0) as by_user,
    coalesce(sum(listens) filter (where rollup = 'minute_location'), 0) as by_location,
    coalesce(sum(listens) filter (where rollup = 'minute_device'), 0) as by_device,
    coalesce(sum(listens) filter (where rollup = 'minute_audience'), 0) as by_audience
  from sums
  group by day
)
select day, in_totals, by_song, by_user, by_location, by_device, by_audience
from days
where in_totals <> any (array[by_song, by_user, by_location, by_device, by_audience])
