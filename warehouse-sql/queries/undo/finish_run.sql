update warehouse.load_run set status = 'rolled back' where load_run_id = $1 and status = 'published'
