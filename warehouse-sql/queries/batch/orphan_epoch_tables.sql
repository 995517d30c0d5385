-- Tables of loaded epochs that are detached and not yet dropped.
select format('%I.%I', schemaname, tablename)
from pg_tables
where schemaname = 'parts'
  and tablename ~ '^speed_[a-z_]+_e[0-9]+$'
  and substring(tablename from '_e([0-9]+)$')::integer <= (select loaded_epoch from builds.needed)
  and not exists (
    select from pg_inherits
    where inhrelid = format('%I.%I', schemaname, tablename)::regclass
  )
