-- severity: error
-- Listens and page views of a day add up to the same in each batch rollup that has them.
-- Compared by day, so that the check also holds where old minutes have been folded to hours.
with sums as (
  select
    'totals' as rollup, date_bin('1 day', minute, 'epoch') as day,
    sum(listens) as listens, sum(page_views) as page_views
  from batch.minute_totals
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by day
  union all
  select
    'song' as rollup, date_bin('1 day', minute, 'epoch') as day,
    sum(listens) as listens, null as page_views
  from batch.minute_song
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by day
  union all
  select
    'user' as rollup, date_bin('1 day', minute, 'epoch') as day,
    sum(listens) as listens, sum(page_views) as page_views
  from batch.minute_user
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by day
  union all
  select
    'location' as rollup, date_bin('1 day', minute, 'epoch') as day,
    sum(listens) as listens, sum(page_views) as page_views
  from batch.minute_location
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by day
  union all
  select
    'device' as rollup, date_bin('1 day', minute, 'epoch') as day,
    sum(listens) as listens, sum(page_views) as page_views
  from batch.minute_device
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by day
  union all
  select
    'audience' as rollup, date_bin('1 day', minute, 'epoch') as day,
    sum(listens) as listens, sum(page_views) as page_views
  from batch.minute_audience
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by day
  union all
  select
    'page' as rollup, date_bin('1 day', minute, 'epoch') as day,
    null as listens, sum(page_views) as page_views
  from batch.minute_page
  where minute >= $1::timestamptz and minute < $2::timestamptz
  group by day
),
rollups (rollup, has_listens, has_page_views) as (
  values
    ('song', true, false), ('user', true, true), ('location', true, true), ('device', true, true),
    ('audience', true, true), ('page', false, true)
),
days as (select distinct day from sums)
select
  day, rollup, t.listens as listens_in_totals, s.listens, t.page_views as page_views_in_totals,
  s.page_views
from days
cross join rollups
left join sums as s using (day, rollup)
left join (select day, listens, page_views from sums where rollup = 'totals') as t using (day)
where (has_listens and coalesce(s.listens, 0) <> coalesce(t.listens, 0))
  or (has_page_views and coalesce(s.page_views, 0) <> coalesce(t.page_views, 0))
