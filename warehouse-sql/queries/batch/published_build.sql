-- The build that is published, and the load that was published last.
select build, load_run_id from batch.published
