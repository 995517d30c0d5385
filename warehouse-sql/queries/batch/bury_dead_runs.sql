-- Run by the load that has just taken the lock of loads, and so is the only one: every other run whose status
-- is running has died, and the stretches that it reserved belong to the speed workers again.
with dead as (
  update warehouse.load_run
  set
    status = 'failed',
    -- As long as nobody has written it here, warehouse.load_state says the same.
    finished_at = least(lease_until, now()),
    error = 'The process ended or froze before the load was published; its events are counted by the speed layer until the next load'
  where status = 'running'
)
delete from speed.reservation
