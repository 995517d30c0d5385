-- Takes from workers whose lease has run out what they have: their partitions, and with their sessions
-- the locks of a flush that froze half way.
with dead as (
  delete from speed.worker as w
  where not exists (select from speed.live_worker as l where l.worker_id = w.worker_id)
  returning worker_id
)
select count(pg_terminate_backend(a.pid))
from dead
join pg_stat_activity as a
  on a.datname = current_database()
  and a.application_name like '% (worker ' || dead.worker_id || ')'
where a.pid <> pg_backend_pid()
