with failed as (
  update warehouse.load_run
  set status = 'failed', finished_at = now(), error = $2, seconds = $3::jsonb
  where load_run_id = $1 and status = 'running'
)
delete from speed.reservation where load_run_id = $1
