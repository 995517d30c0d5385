insert into warehouse.load_run (kind, status) values ($1, 'running') returning load_run_id
