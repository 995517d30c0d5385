insert into {target} ({columns}, build, load_run_id)
select {columns}, build, load_run_id
from undo.{table}
