insert into parts.{partition} ({columns}, build, load_run_id)
select {columns}, build, load_run_id
from stage.{table}
