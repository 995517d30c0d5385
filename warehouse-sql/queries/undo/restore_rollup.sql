insert into {target} ({keys}, build, load_run_id, {counters}, {sketches})
select {keys}, build, load_run_id, {counters}, {sketches}
from undo.{rollup}
