-- The last run that has failed with a number above that of a given run. One that was refused, as somebody asked for it meanwhile,
-- is another's.
select max(load_run_id) from warehouse.load_state where load_run_id > $1 and status = 'failed' and not is_refused
