-- This is the handoff: from the commit on, readers take the rows of epochs up to loaded_epoch from batch.
update batch.published
set
  loaded_epoch = $1,
  load_run_id = $2,
  final_before = coalesce($3, final_before),
  published_at = now()
