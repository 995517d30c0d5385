update warehouse.load_run set epoch = $2, cut = $3::jsonb where load_run_id = $1
