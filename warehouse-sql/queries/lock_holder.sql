-- Who holds an advisory lock of this database: its session, what it calls itself, and as whom. $1 and $2 are the two
-- numbers of the lock, $3 is 2; or the upper and the lower half of its one number, and 1 (PostgreSQL manual, pg_locks).
select a.pid, coalesce(a.application_name, ''), coalesce(a.usename, '')
from pg_locks as l
join pg_stat_activity as a using (pid)
where l.locktype = 'advisory' and l.granted
  and l.classid::bigint = $1 and l.objid::bigint = $2 and l.objsubid = $3
  and l.database = (select oid from pg_database where datname = current_database())
