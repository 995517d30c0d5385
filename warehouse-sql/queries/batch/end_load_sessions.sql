-- Ends the sessions of a load that froze, and with them its locks. There is one load at a time, so they
-- are all of the same one.
select count(pg_terminate_backend(pid))
from pg_stat_activity
where datname = current_database()
  and pid <> pg_backend_pid()
  and application_name like 'polyrhythm load%'
