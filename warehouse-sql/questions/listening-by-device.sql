-- On which devices, systems and browsers is listened, and how?
-- $1 from (inclusive), $2 to (exclusive). {device} is the rollup of user agents, both layers, with its column
-- {time}. Listeners come from sketches, which are exact up to 320. Rates are of plays that have ended.
-- by: week hour day month quarter year
-- chart: bars device_type,os,browser listens
with played as (
  select
    date_trunc('{bucket}', {time}) as bucket, device_key, sum(listens) as listens,
    sum(listened_ms) as listened_ms, sum(completed) as completed, sum(skipped) as skipped,
    sum(partial) as partial, hll_union_agg(listeners) as listeners
  from {device}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz
  group by 1, 2
),
named as (
  select
    bucket, coalesce(d.device_type, 'Unknown') as device_type, coalesce(d.os, 'Unknown') as os,
    coalesce(d.browser, 'Unknown') as browser, sum(listens) as listens,
    sum(listened_ms) as listened_ms, sum(completed) as completed, sum(skipped) as skipped,
    sum(partial) as partial,
    round(coalesce(hll_cardinality(hll_union_agg(listeners)), 0))::numeric as listeners
  from played
  left join warehouse.dim_device as d using (device_key)
  group by 1, 2, 3, 4
)
select
  bucket, device_type, os, browser, listens,
  round(listens / sum(listens) over (partition by bucket), 3) as share,
  listeners,
  round(listened_ms / 3600000.0 / nullif(listeners, 0), 2) as hours_per_listener,
  round(skipped / nullif(completed + skipped + partial, 0), 3) as skip_rate
from named
where listens > 0
order by bucket, listens desc, device_type, os, browser
