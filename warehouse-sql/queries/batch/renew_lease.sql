update warehouse.load_run
set lease_until = clock_timestamp() + make_interval(secs => $2)
where load_run_id = $1 and status = 'running'
