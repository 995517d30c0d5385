-- Of the sessions that use our tables, the one with the longest transaction: process id, application, and the
-- transaction's seconds.
select a.pid, coalesce(nullif(a.application_name, ''), a.usename, 'unknown'),
  extract(epoch from now() - a.xact_start)::bigint
from pg_stat_activity as a
where a.datname = current_database()
  and a.pid <> pg_backend_pid()
  and exists (
    select
    from pg_locks as l
    join pg_class as c on c.oid = l.relation
    where l.pid = a.pid
      and l.granted
      and c.relnamespace in ('warehouse'::regnamespace, 'batch'::regnamespace, 'parts'::regnamespace)
  )
order by a.xact_start
limit 1
