-- At which hours of the day is listened most?
-- $1 from (inclusive), $2 to (exclusive). {totals} is the rollup of everything by the hour, both layers, with its
-- column {time}. Listens are exact; listeners come from sketches, which are exact up to 320. Hours are those of
-- the session's time zone.
-- by: week day month quarter year
-- chart: bars hour listens
-- rung: hour
select
  date_trunc('{bucket}', {time}) as bucket,
  extract(hour from {time})::integer as hour,
  sum(listens) as listens,
  round(sum(listens) / nullif(sum(sum(listens)) over (partition by date_trunc('{bucket}', {time})), 0), 3) as share,
  round(coalesce(hll_cardinality(hll_union_agg(listeners)), 0))::bigint as listeners,
  round(sum(skipped) / nullif(sum(completed + skipped + partial), 0), 3) as skip_rate
from {totals}
where {time} >= $1::timestamptz and {time} < $2::timestamptz
group by 1, 2
order by 1, 2
