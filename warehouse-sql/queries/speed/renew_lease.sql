update speed.worker
set lease_until = clock_timestamp() + make_interval(secs => $2), backend_pid = pg_backend_pid()
where worker_id = $1
