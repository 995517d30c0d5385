-- How many sessions of this database have a snapshot from before the transaction $1.
select count(*)
from pg_stat_activity
where datname = current_database()
  and pid <> pg_backend_pid()
  and backend_type = 'client backend'
  and age(backend_xmin) > age($1::xid8::xid)
