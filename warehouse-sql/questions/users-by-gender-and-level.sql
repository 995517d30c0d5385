-- How are the active users distributed over genders and plans?
-- $1 from (inclusive), $2 to (exclusive). {audience} is the rollup by gender and plan, both layers, with its
-- column {time}; by second the facts. Users come from sketches, which are exact up to 320. Somebody who changed
-- the plan counts in both; guests are nobody.
-- by: day second minute hour week month quarter year
-- chart: bars gender,level users
with counted as (
  select
    date_trunc('{bucket}', {time}) as bucket, gender, level,
    round(coalesce(hll_cardinality(hll_union_agg(active_users)), 0))::bigint as users
  from {audience}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz
  group by 1, 2, 3
)
select
  bucket, gender, level, users, round(users / sum(users) over (partition by bucket), 3) as share
from counted
where users > 0
order by bucket, gender, level
