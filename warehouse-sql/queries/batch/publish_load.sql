-- This is the handoff of an incremental load: from the commit on, readers take the rows of epochs up to loaded_epoch from
-- batch. Minutes that have been given up do not come back before a full load.
update builds.published
set
  loaded_epoch = $2,
  load_run_id = $3,
  final_before = coalesce($4, final_before),
  minutes_from = $5,
  published_at = now()
where build = $1
