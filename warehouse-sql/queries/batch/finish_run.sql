-- A load that was taken for dead meanwhile finds no row here, and publishes nothing.
update warehouse.load_run
set
  status = 'published', finished_at = clock_timestamp(), events_read = $2, listens = $3, auths = $4,
  page_views = $5, quarantined = $6, late = $7, redelivered = $8, seconds = $9::jsonb,
  offsets_without_record = $10
where load_run_id = $1 and status = 'running'
