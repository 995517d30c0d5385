-- How many songs were played, how many different ones, and for how many hours?
-- $1 from (inclusive), $2 to (exclusive). {totals} is the rollup of everything, both layers, with its column
-- {time}; by second the facts. Listens and hours are exact, hours of plays that have ended; different songs come
-- from sketches, which are exact up to 320.
-- by: day second minute hour week month quarter year
-- chart: line listens
select
  date_trunc('{bucket}', {time}) as bucket,
  coalesce(sum(listens), 0) as listens,
  round(coalesce(hll_cardinality(hll_union_agg(songs)), 0))::bigint as different_songs,
  round(coalesce(sum(listened_ms), 0) / 3600000.0, 2) as hours
from {totals}
where {time} >= $1::timestamptz and {time} < $2::timestamptz
group by 1
order by 1
