-- How many people cancelled, on which plan, and how many is that of the active ones?
-- $1 from (inclusive), $2 to (exclusive). {page} is the rollup of page views, both layers, with its column {time}.
-- Cancellations are exact; active users, those with a page view, come from sketches, which are exact up to 320.
-- by: day hour week month quarter year
-- chart: line cancellations
with counted as (
  select
    date_trunc('{bucket}', {time}) as bucket,
    coalesce(sum(page_views) filter (where page = 'Cancellation Confirmation'), 0) as cancellations,
    coalesce(
      sum(page_views) filter (where page = 'Cancellation Confirmation' and level = 'free'), 0
    ) as of_free,
    coalesce(
      sum(page_views) filter (where page = 'Cancellation Confirmation' and level = 'paid'), 0
    ) as of_paid,
    round(coalesce(hll_cardinality(hll_union_agg(active_users)), 0))::bigint as active_users
  from {page}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz
  group by 1
)
select *, round(cancellations / nullif(active_users, 0)::numeric, 4) as churn
from counted
order by bucket
