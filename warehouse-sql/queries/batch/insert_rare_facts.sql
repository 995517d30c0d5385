insert into parts.{fact}_b{build} ({columns}, build, load_run_id)
select {columns}, build, load_run_id
from stage.{table}
