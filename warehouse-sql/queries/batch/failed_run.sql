-- The last failed run with a number above that of a given run.
select max(load_run_id) from warehouse.load_run where load_run_id > $1 and status = 'failed'
