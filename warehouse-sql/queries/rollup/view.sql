-- A rollup as people read it: one row a key, both layers added up. Nothing here computes a measure: counters
-- are summed and sketches united, whatever they mean.
create or replace view serving.{table} as
select
  {keys},
  {counters: coalesce(sum(*), 0)::bigint as *},
  {sketches: coalesce(hll_union_agg(*), hll_empty(12, 5, -1, 1)) as *},
  case when bool_and(is_loaded) then 'batch' when bool_or(is_loaded) then 'both' else 'speed' end as source,
  bool_and(is_loaded) and layers.{rung}_end({rung}) <= (select final_before from batch.published) as is_final
from layers.{table}
group by {keys}
