-- The default partition of a build's fact; null where it has none.
select (select relname from pg_class where oid = partdefid)
from pg_partitioned_table
where partrelid = ('parts.' || $1)::regclass
