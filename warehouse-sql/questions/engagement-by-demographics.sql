-- How much do listeners of each gender and plan listen, skip, finish, like and share?
-- $1 from (inclusive), $2 to (exclusive). {audience} is the rollup by gender and plan, both layers, with its
-- column {time}. Listeners come from sketches, which are exact up to 320. Rates are of plays that have ended;
-- playlist adds and shares are for 100 listens.
-- by: week hour day month quarter year
-- chart: bars gender,level listens
with counted as (
  select
    date_trunc('{bucket}', {time}) as bucket, gender, level,
    round(coalesce(hll_cardinality(hll_union_agg(listeners)), 0))::numeric as listeners,
    sum(listens) as listens, sum(listened_ms) as listened_ms, sum(completed) as completed,
    sum(skipped) as skipped, sum(partial) as partial,
    sum(thumbs_up) as thumbs_up, sum(playlist_adds) as playlist_adds, sum(shares) as shares
  from {audience}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz
  group by 1, 2, 3
)
select
  bucket, gender, level, listeners, listens,
  round(listens / nullif(listeners, 0), 1) as listens_per_listener,
  round(listened_ms / 3600000.0 / nullif(listeners, 0), 2) as hours_per_listener,
  round(skipped / nullif(completed + skipped + partial, 0), 3) as skip_rate,
  round(completed / nullif(completed + skipped + partial, 0), 3) as completion_rate,
  round(thumbs_up / nullif(listens, 0), 4) as like_rate,
  round(100 * playlist_adds / listens, 2) as playlist_adds_per_100,
  round(100 * shares / listens, 2) as shares_per_100
from counted
where listens > 0
order by bucket, gender, level
