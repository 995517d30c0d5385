insert into speed.worker (process, backend_pid, lease_until)
values ($1, pg_backend_pid(), clock_timestamp() + make_interval(secs => $2))
returning worker_id
