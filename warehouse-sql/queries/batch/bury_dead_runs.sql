-- Whoever holds the lock of loads is the only load; a run that still says running has died, and what it
-- had reserved is the speed workers' again.
with dead as (
  update warehouse.load_run
  set
    status = 'failed',
    finished_at = now(),
    error = 'The process ended or froze before the load was published; its events are counted by the speed layer until the next load'
  where status = 'running'
)
delete from speed.reservation
