-- Readers see other rows of the same stretch of the log.
update builds.published set load_run_id = $2, published_at = now() where build = $1
