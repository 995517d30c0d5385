-- On which days of the week is listened most?
-- $1 from (inclusive), $2 to (exclusive). {totals} is the rollup of everything, both layers, with its column
-- {time}. Listens are exact; listeners come from sketches, which are exact up to 320.
-- by: month week quarter year
-- chart: bars weekday listens
with counted as (
  select
    date_trunc('{bucket}', {time}) as bucket,
    extract(isodow from {time})::integer as day_of_week,
    trim(to_char({time}, 'Day')) as weekday,
    count(distinct date_trunc('day', {time})) as days,
    sum(listens) as listens,
    round(coalesce(hll_cardinality(hll_union_agg(listeners)), 0))::bigint as listeners,
    sum(completed) as completed, sum(skipped) as skipped, sum(partial) as partial
  from {totals}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz
  group by 1, 2, 3
)
select
  bucket, day_of_week, weekday, days, listens, round(listens / days) as listens_per_day, listeners,
  round(skipped / nullif(completed + skipped + partial, 0), 3) as skip_rate
from counted
order by bucket, day_of_week
