-- This is the handoff: from the commit on, readers take the rows of epochs up to loaded_epoch from batch. Minutes that
-- have been given up do not come back before a full load.
update batch.published
set
  loaded_epoch = $1,
  load_run_id = $2,
  final_before = coalesce($3, final_before),
  minutes_from = $4,
  facts_know_credits = facts_know_credits or $5,
  published_at = now()
