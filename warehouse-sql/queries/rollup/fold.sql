-- Takes the rows that flushes have appended to a stretch of a rollup's table, and adds them to the one row of their minute and key, and
-- to that of their hour and key. This is one statement, so that every reader sees either the rows or their sums. Nobody else changes
-- these rows: flushes only append.
with taken as (
  delete from {table}_new
  where ctid >= $1::text::tid and ctid < $2::text::tid
  returning {keys}, {counters}, {sketches}
),
summed as (
  select {keys}, {counters: sum(*)::bigint as *}, {sketches: hll_union_agg(*) as *}
  from taken
  group by {keys}
),
folded as (
  insert into {table}_folded as t ({keys}, {counters}, {sketches})
  select {keys}, {counters: nullif(*, 0)}, {sketches}
  from summed
  on conflict ({keys}) do update
  set
    {counters: * = nullif(coalesce(t.*, 0) + coalesce(excluded.*, 0), 0)},
    {sketches: * = coalesce(hll_union(t.*, excluded.*), t.*, excluded.*)}
)
insert into {hours} as t ({hour_keys}, {counters}, {sketches})
select {hour_keys}, {counters: nullif(sum(*), 0)}, {sketches: hll_union_agg(*)}
from (select layers.hour_of(minute) as hour, summed.* from summed) as summed
group by {hour_keys}
on conflict ({hour_keys}) do update
set
  {counters: * = nullif(coalesce(t.*, 0) + coalesce(excluded.*, 0), 0)},
  {sketches: * = coalesce(hll_union(t.*, excluded.*), t.*, excluded.*)}
