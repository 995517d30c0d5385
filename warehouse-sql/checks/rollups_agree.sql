-- severity: error
-- Listens and page views of a day add up to the same in each batch rollup that has them.
-- Whole days are compared, also those that are in the bounds only in part. A load of events that lie far apart compares what it
-- changes of their days, and the whole of eight of them, at each load of other ones.
-- The last day is said twice, as only `day <= …` ends the reading of an index.
with sums as (
  select
    'totals' as rollup, day,
    sum(listens) as listens, sum(page_views) as page_views
  from batch.day_totals
  where day >= layers.day_of($1) and layers.day_end(day - 1) < $2 and day <= layers.day_of($2)
  group by day
  union all
  select
    'song' as rollup, day,
    sum(listens) as listens, null as page_views
  from batch.day_song
  where day >= layers.day_of($1) and layers.day_end(day - 1) < $2 and day <= layers.day_of($2)
  group by day
  union all
  select
    'user' as rollup, day,
    sum(listens) as listens, sum(page_views) as page_views
  from batch.day_user
  where day >= layers.day_of($1) and layers.day_end(day - 1) < $2 and day <= layers.day_of($2)
  group by day
  union all
  select
    'location' as rollup, day,
    sum(listens) as listens, sum(page_views) as page_views
  from batch.day_location
  where day >= layers.day_of($1) and layers.day_end(day - 1) < $2 and day <= layers.day_of($2)
  group by day
  union all
  select
    'device' as rollup, day,
    sum(listens) as listens, sum(page_views) as page_views
  from batch.day_device
  where day >= layers.day_of($1) and layers.day_end(day - 1) < $2 and day <= layers.day_of($2)
  group by day
  union all
  select
    'audience' as rollup, day,
    sum(listens) as listens, sum(page_views) as page_views
  from batch.day_audience
  where day >= layers.day_of($1) and layers.day_end(day - 1) < $2 and day <= layers.day_of($2)
  group by day
  union all
  select
    'page' as rollup, day,
    null as listens, sum(page_views) as page_views
  from batch.day_page
  where day >= layers.day_of($1) and layers.day_end(day - 1) < $2 and day <= layers.day_of($2)
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
