insert into warehouse.load_run (kind, status, process, backend_pid, lease_until, requested_by)
values ($1, 'running', $2, pg_backend_pid(), clock_timestamp() + make_interval(secs => $3), $4)
returning load_run_id
