-- Whoever holds the lock of loads is the only load; a run that still says running has died.
update warehouse.load_run
set
  status = 'failed',
  finished_at = now(),
  error = 'The process ended before the load did; the next load covers its events'
where status = 'running'
