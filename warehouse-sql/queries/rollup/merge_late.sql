-- The same as merge.sql for rows of which a key may have several. They are added up first, as an insert may meet a key only
-- once.
insert into {target} as t
  ({keys}, build, load_run_id, {counters}, {sketches})
select
  {keys}, min(build), max(load_run_id),
  {counters: nullif(sum(*), 0)},
  {sketches: hll_union_agg(*)}
from stage.{table}
group by {keys}
on conflict ({keys}) do update
set
  load_run_id = excluded.load_run_id,
  {counters: * = nullif(coalesce(t.*, 0) + coalesce(excluded.*, 0), 0)},
  {sketches: * = coalesce(hll_union(t.*, excluded.*), t.*, excluded.*)}
