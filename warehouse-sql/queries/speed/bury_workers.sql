-- Buries the workers whose lease has run out. First their sessions are ended, which frees the locks of
-- statements that froze half way; then their rows are deleted, which frees their partitions. This waits for
-- nobody: a worker whose row is still locked is buried at the next look.
with dead as (
  select w.worker_id, w.backend_pid, w.started_at
  from speed.worker as w
  where not exists (select from speed.live_worker as l where l.worker_id = w.worker_id)
),
ended as (
  select count(pg_terminate_backend(a.pid)) as sessions
  from dead
  join pg_stat_activity as a
    on a.datname = current_database()
    and (
      a.application_name like '% (worker ' || dead.worker_id || ')'
      -- The server may have given the process id to another session, which then began after the worker did.
      or a.pid = dead.backend_pid and a.backend_start <= dead.started_at
    )
  where a.pid <> pg_backend_pid()
),
free as (
  select w.worker_id
  from speed.worker as w
  where w.worker_id in (select worker_id from dead) and (select sessions from ended) >= 0
  for update skip locked
)
delete from speed.worker where worker_id in (select worker_id from free)
