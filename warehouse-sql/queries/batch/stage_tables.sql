-- All tables of the stage: earlier loads may have left some behind.
select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'stage'
