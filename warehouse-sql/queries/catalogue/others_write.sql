-- Whether somebody else is in the middle of a statement, or of a transaction that has written: it may have met songs and users
-- before what is committed of the catalogue by now, and they are seen only once it is over. Of sessions that we may not look
-- into we expect it.
select exists (
  select
  from pg_stat_activity
  where datname = current_database()
    and pid <> pg_backend_pid()
    and backend_type = 'client backend'
    and (state is null or state = 'active' or backend_xid is not null)
)
