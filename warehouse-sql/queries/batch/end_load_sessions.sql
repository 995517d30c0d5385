-- Ends the sessions of a load that froze, which frees its locks. As there is one load at a time, all
-- sessions with this name belong to that load.
select count(pg_terminate_backend(pid))
from pg_stat_activity
where datname = current_database()
  and pid <> pg_backend_pid()
  and application_name like 'polyrhythm load%'
