-- What earlier loads left behind.
select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'stage'
