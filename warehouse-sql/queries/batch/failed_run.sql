-- The last failed run after another one.
select max(load_run_id) from warehouse.load_run where load_run_id > $1 and status = 'failed'
