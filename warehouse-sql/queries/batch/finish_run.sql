-- A load that stood still and was taken for dead changes no row here, as its status is no longer running; it
-- must not publish then.
update warehouse.load_run
set
  status = $13, finished_at = clock_timestamp(), events_read = $2, listens = $3, auths = $4,
  page_views = $5, quarantined = $6, late = $7, redelivered = $8, seconds = $9::jsonb,
  offsets_without_record = $10, build = $11, reserved = $12, late_days = $14::jsonb
where load_run_id = $1 and status = 'running'
