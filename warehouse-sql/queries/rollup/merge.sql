-- Adds staged rows, one for each key, to a rollup: counters by sum, sketches by union; null is 0 or the empty sketch. A row
-- says which load has written it last. Of times up to the last one that is there; merge_new.sql adds the others.
insert into {target} as t
  ({keys}, build, load_run_id, {counters}, {sketches})
select {keys}, build, load_run_id, {counters}, {sketches}
from stage.{table}
where {time} <= $1::{type}
on conflict ({keys}) do update
set
  load_run_id = excluded.load_run_id,
  {counters: * = nullif(coalesce(t.*, 0) + coalesce(excluded.*, 0), 0)},
  {sketches: * = coalesce(hll_union(t.*, excluded.*), t.*, excluded.*)}
