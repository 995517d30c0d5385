-- Takes the rows of some days away, and keeps them for a rollback.
with gone as (
  delete from {target}
  where {time} >= $1 and {time} < $2
  returning *
)
insert into undo.{table} ({columns}, build, load_run_id)
select {columns}, build, load_run_id
from gone
