-- The instant of the handoff: from this commit on, epochs up to loaded_epoch are read from batch.
update batch.published
set
  loaded_epoch = $1,
  load_run_id = $2,
  final_before = coalesce($3, final_before),
  published_at = now()
