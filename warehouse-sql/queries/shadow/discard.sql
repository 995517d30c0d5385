update warehouse.load_run set status = 'discarded' where status = 'shadow'
