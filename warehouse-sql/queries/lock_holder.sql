-- The session that holds an advisory lock of this database: its process id, its application name and its role. A
-- lock with two numbers is given by them, and $3 = 2; a lock with one number by the upper and the lower half of
-- that number, and $3 = 1 (PostgreSQL manual, pg_locks).
select a.pid, coalesce(a.application_name, ''), coalesce(a.usename, '')
from pg_locks as l
join pg_stat_activity as a using (pid)
where l.locktype = 'advisory' and l.granted
  and l.classid::bigint = $1 and l.objid::bigint = $2 and l.objsubid = $3
  and l.database = (select oid from pg_database where datname = current_database())
