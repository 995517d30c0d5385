-- From which ten places was most listened?
-- $1 from (inclusive), $2 to (exclusive). {location} is the rollup of places, both layers, with its column {time};
-- by second the facts. Listens are exact; listeners come from sketches, which are exact up to 320.
-- by: day second minute hour week month quarter year
-- chart: bars place listens
with played as (
  select
    date_trunc('{bucket}', {time}) as bucket, location_key, sum(listens) as listens,
    hll_union_agg(listeners) as listeners
  from {location}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz and location_key <> 0
  group by 1, 2
),
-- A city has a row for each of its postal codes.
named as (
  select
    bucket, concat_ws(', ', l.city, l.state, l.country) as place, sum(listens) as listens,
    round(coalesce(hll_cardinality(hll_union_agg(listeners)), 0))::bigint as listeners
  from played
  join warehouse.dim_location as l using (location_key)
  group by 1, 2
),
ranked as (
  select *, row_number() over (partition by bucket order by listens desc, place) as rank
  from named
  where listens > 0
)
select bucket, rank, place, listens, listeners
from ranked
where rank <= 10
order by bucket, rank
