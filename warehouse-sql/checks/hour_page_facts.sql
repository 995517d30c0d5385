-- severity: error
-- batch.hour_page says of each hour and request what the page views of that hour add up to.
-- on: check
with facts as (
  select
    layers.hour_of(ts) as hour, page, coalesce(method, '') as method,
    coalesce(status, 0) as status, coalesce(auth, '') as auth, coalesce(level, '') as level,
    count(*) as page_views, count(*) filter (where status >= 400) as errors
  from warehouse.fact_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by 1, 2, 3, 4, 5, 6
),
rollup as (
  select
    hour, page, method, status, auth, level, coalesce(page_views, 0) as page_views,
    coalesce(errors, 0) as errors
  from batch.hour_page
  where hour >= $1::timestamptz and hour < $2::timestamptz
)
select
  hour, page, method, status, auth, level, f.page_views as page_views_in_facts,
  r.page_views as page_views_in_rollup, f.errors as errors_in_facts, r.errors as errors_in_rollup
from facts as f
full join rollup as r using (hour, page, method, status, auth, level)
where coalesce(f.page_views, 0) <> coalesce(r.page_views, 0)
  or coalesce(f.errors, 0) <> coalesce(r.errors, 0)
