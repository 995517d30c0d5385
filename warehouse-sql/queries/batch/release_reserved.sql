delete from speed.reservation where load_run_id = $1
