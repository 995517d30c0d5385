-- At which hours of the day is listened most?
-- $1 from (inclusive), $2 to (exclusive). {totals} is the rollup of everything by the hour, both layers, with its
-- column {time}. Listens are exact; listeners come from sketches, which are exact up to 320. Hours are those of
-- the session's time zone.
-- by: week day month quarter year
-- chart: bars hour listens
-- rung: hour
with counted as (
  select
    date_trunc('{bucket}', {time}) as bucket,
    extract(hour from {time})::integer as hour,
    sum(listens) as listens,
    round(coalesce(hll_cardinality(hll_union_agg(listeners)), 0))::bigint as listeners,
    sum(completed) as completed, sum(skipped) as skipped, sum(partial) as partial
  from {totals}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz
  group by 1, 2
)
select
  bucket, hour, listens,
  round(listens / nullif(sum(listens) over (partition by bucket), 0), 3) as share,
  listeners,
  round(skipped / nullif(completed + skipped + partial, 0), 3) as skip_rate
from counted
order by bucket, hour
