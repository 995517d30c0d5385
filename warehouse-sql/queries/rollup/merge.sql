-- Adds staged rows to a rollup: counters by sum, sketches by union; null is 0 or the empty sketch. Staged rows
-- of one key are added up first, as an insert may meet a key only once.
insert into {target} as t
  ({keys}, {counters}, {sketches})
select
  {keys},
  {counters: nullif(sum(*), 0)},
  {sketches: hll_union_agg(*)}
from stage.{table}
group by {keys}
on conflict ({keys}) do update
set
  {counters: * = nullif(coalesce(t.*, 0) + coalesce(excluded.*, 0), 0)},
  {sketches: * = coalesce(hll_union(t.*, excluded.*), t.*, excluded.*)}
