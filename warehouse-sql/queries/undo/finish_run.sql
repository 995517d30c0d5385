update warehouse.load_run set status = 'rolled back', rolled_back_by = $2 where load_run_id = $1 and status = 'published'
