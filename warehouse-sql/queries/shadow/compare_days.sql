-- The measures of each day as they are served, and as they would be if the build that waits were published; those that
-- differ. The speed layer's rows of epochs that the build has not loaded are added to either.
with served as (
  select
    day, array[{counters: '*'}, {sketches: '*'}] as measures,
    array[{counters: coalesce(sum(*), 0)}, {sketches: round(coalesce(hll_cardinality(hll_union_agg(*)), 0))}]::bigint[] as counted
  from layers.day_totals
  group by day
),
waiting as (
  select
    day, array[{counters: '*'}, {sketches: '*'}] as measures,
    array[{counters: coalesce(sum(*), 0)}, {sketches: round(coalesce(hll_cardinality(hll_union_agg(*)), 0))}]::bigint[] as counted
  from (
    select day, {counters}, {sketches}
    from builds.day_totals
    where build = $1
    union all
    select layers.day_of(minute), {counters}, {sketches}
    from speed.minute_totals
    where epoch > (select loaded_epoch from builds.published where build = $1)
  ) as later
  group by day
)
select
  coalesce(served.day, waiting.day)::text, n.measure, coalesce(n.served, 0), coalesce(n.waiting, 0)
from served
full join waiting using (day)
cross join unnest(coalesce(served.measures, waiting.measures), served.counted, waiting.counted)
  as n (measure, served, waiting)
where coalesce(n.served, 0) <> coalesce(n.waiting, 0)
order by 1, 2
