-- Sessions of this database whose snapshot is from before a transaction.
select count(*)
from pg_stat_activity
where datname = current_database()
  and pid <> pg_backend_pid()
  and backend_type = 'client backend'
  and age(backend_xmin) > age($1::xid8::xid)
