insert into builds.published
  (build, loaded_epoch, load_run_id, final_before, minutes_from, facts_know_credits)
values ($1, $2, $1, coalesce($3::timestamptz, '-infinity'), $4, true)
