-- Who holds the lock of loads (lock_loads.sql): its session, what it calls itself, and as whom.
select a.pid, coalesce(a.application_name, ''), coalesce(a.usename, '')
from pg_locks as l
join pg_stat_activity as a using (pid)
where l.locktype = 'advisory' and l.granted
  and l.classid = 1886350458 and l.objid = 0 and l.objsubid = 2
  and l.database = (select oid from pg_database where datname = current_database())
