-- How many sessions of this database have a snapshot from before the transaction $1, or run a statement from before $2 that
-- has none at the moment: it may have been planned, and be about to take the one that it is run with.
select count(*)
from pg_stat_activity
where datname = current_database()
  and pid <> pg_backend_pid()
  and backend_type = 'client backend'
  and (
    age(backend_xmin) > age($1::xid8::xid)
    or backend_xmin is null and state = 'active' and query_start < $2::timestamptz
  )
