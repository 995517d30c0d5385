-- severity: error
-- The page views of a day are the same in each batch rollup: by page, user, location, device and audience as in total.
-- By day, so that it also holds where old minutes have been folded to hours.
with sums as (
  select 'minute_totals' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(page_views) as page_views
  from batch.minute_totals
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
  union all
  select 'minute_page' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(page_views) as page_views
  from batch.minute_page
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
  union all
  select 'minute_user' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(page_views) as page_views
  from batch.minute_user
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
  union all
  select 'minute_location' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(page_views) as page_views
  from batch.minute_location
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
  union all
  select 'minute_device' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(page_views) as page_views
  from batch.minute_device
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
  union all
  select 'minute_audience' as rollup, date_bin('1 day', minute, 'epoch') as day, sum(page_views) as page_views
  from batch.minute_audience
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by 2
),
days as (
  select
    day,
    coalesce(sum(page_views) filter (where rollup = 'minute_totals'), 0) as in_totals,
    coalesce(sum(page_views) filter (where rollup = 'minute_page'), 0) as by_page,
    coalesce(sum(page_views) filter (where rollup = 'minute_user'), 0) as by_user,
    coalesce(sum(page_views) filter (where rollup = 'minute_location'), 0) as by_location,
    coalesce(sum(page_views) filter (where rollup = 'minute_device'), 0) as by_device,
    coalesce(sum(page_views) filter (where rollup = 'minute_audience'), 0) as by_audience
  from sums
  group by day
)
select day, in_totals, by_page, by_user, by_location, by_device, by_audience
from days
where in_totals <> any (array[by_page, by_user, by_location, by_device, by_audience])
