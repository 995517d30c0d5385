-- The rows that staged ones are about to be added to. A key may be staged in two tables.
insert into undo.{rollup} ({keys}, build, load_run_id, {counters}, {sketches})
select {keys}, build, load_run_id, {counters}, {sketches}
from {target}
where ({keys}) in (select {keys} from stage.{table})
  and {time} >= (select min({time}) from stage.{table})
  and {time} <= (select max({time}) from stage.{table})
on conflict do nothing
