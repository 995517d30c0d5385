-- How many people used the service at all, how many listened, and in how many sessions?
-- $1 from (inclusive), $2 to (exclusive). {totals} is the rollup of everything, both layers, with its column
-- {time}; by second the facts. All three come from sketches, which are exact up to 320. A session counts in each
-- bucket that it has events in.
-- by: day second minute hour week month quarter year
-- chart: line active_users
select
  date_trunc('{bucket}', {time}) as bucket,
  round(coalesce(hll_cardinality(hll_union_agg(active_users)), 0))::bigint as active_users,
  round(coalesce(hll_cardinality(hll_union_agg(listeners)), 0))::bigint as listeners,
  round(coalesce(hll_cardinality(hll_union_agg(sessions)), 0))::bigint as sessions
from {totals}
where {time} >= $1::timestamptz and {time} < $2::timestamptz
group by 1
order by 1
