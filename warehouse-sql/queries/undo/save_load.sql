insert into undo.load (load_run_id, is_full, build, closed_epoch, reserved)
select $1, $2, build, $3, $4
from batch.published
