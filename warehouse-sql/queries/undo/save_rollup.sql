-- The rows that staged ones are about to be added to, which lie from $1 to $2. A key may be staged in two tables.
insert into undo.{rollup} ({keys}, build, load_run_id, {counters}, {sketches})
select {keys}, build, load_run_id, {counters}, {sketches}
from {target}
where ({keys}) in (select {keys} from stage.{table} where {time} <= $2::{type})
  and {time} >= $1::{type}
  and {time} <= $2::{type}
on conflict do nothing
