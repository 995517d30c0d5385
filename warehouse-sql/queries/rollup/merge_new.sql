-- Adds staged rows, one for each key, of times after the last one that is there: half the work of an insert that has to look
-- for a row of the same key.
insert into {target}
  ({keys}, build, load_run_id, {counters}, {sketches})
select {keys}, build, load_run_id, {counters}, {sketches}
from stage.{table}
where {time} > $1::{type}
