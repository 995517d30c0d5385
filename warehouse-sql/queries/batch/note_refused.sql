-- A load that could not begin: the history of loads says who had asked for it, and why it came to nothing.
insert into warehouse.load_run (kind, status, is_refused, finished_at, process, requested_by, error)
values ($1, 'failed', true, now(), $2, $3, $4)
