update warehouse.load_run
set status = 'published', finished_at = clock_timestamp()
where load_run_id = $1 and status = 'shadow'
